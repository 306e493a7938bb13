-- Delete what usage reports say about days before a moment: the jobs of these days are deleted too.
--   psql "$DATABASE_URL" -f sql/prune/prune_billed_days.sql -v before=2026-01-01T00:00:00Z
delete from billed_days
where usage_date < (:'before'::timestamptz at time zone 'UTC')::date;
