-- Forget that a repository was not reached: it is now, or is no longer asked for.
--   psql "$DATABASE_URL" -f sql/runs/clear_unreached.sql -v repository=acme/app
delete from unreached_repositories
where lower(repository) = lower(:'repository')
returning repository;
