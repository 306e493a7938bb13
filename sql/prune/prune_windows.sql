-- Delete windows that ended before a moment: the runs they counted are no longer stored.
--   psql "$DATABASE_URL" -f sql/prune/prune_windows.sql -v before=2026-01-01T00:00:00Z
delete from windows
where created_to <= :'before'::timestamptz;
