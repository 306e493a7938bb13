-- Forget windows that lie wholly before a moment.
--   psql "$DATABASE_URL" -f sql/prune_windows.sql -v before=2026-01-01T00:00:00Z
delete from windows
where created_to <= :'before'::timestamptz;
