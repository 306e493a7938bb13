-- Forget windows that reach back before a moment: some of what they counted is not stored any more.
--   psql "$DATABASE_URL" -f sql/prune_windows.sql -v before=2026-01-01T00:00:00Z
delete from windows
where created_from < date_trunc('second', :'before'::timestamptz);
