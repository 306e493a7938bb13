-- Delete windows that were listed by a clock that was ahead: they include time still to come then.
-- Their intervals are then listed again.
--   psql "$DATABASE_URL" -f sql/runs/clear_future_windows.sql -v repository_id=7 \
--     -v now=2026-02-01T00:00:00Z
delete from windows
where repository_id = :'repository_id'::bigint
  and listed_at > :'now'::timestamptz + interval '1 minute';
