-- Forget open runs that were created before a moment.
--   psql "$DATABASE_URL" -f sql/prune/prune_open_runs.sql -v before=2026-01-01T00:00:00Z
delete from open_runs
where created_at < :'before'::timestamptz;
