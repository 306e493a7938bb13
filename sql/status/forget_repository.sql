-- Stop watching a repository that is no longer ingested; its rows stay until they are pruned.
--   psql "$DATABASE_URL" -f sql/status/forget_repository.sql -v repository=acme/app
update repositories
set forgotten_at = now()
where lower(repository) = lower(:'repository')
  and forgotten_at is null
returning repository;
