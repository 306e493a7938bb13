-- Forget unreached repositories that were last requested before a moment.
--   psql "$DATABASE_URL" -f sql/prune/prune_unreached_repositories.sql \
--     -v before=2026-01-01T00:00:00Z
delete from unreached_repositories
where unreached_at < :'before'::timestamptz;
