-- Record that the list of a window has not changed.
--   psql "$DATABASE_URL" -f sql/runs/touch_windows.sql -v repository_id=7 \
--     -v created_from=2026-01-01T00:00:00Z -v listed_at=2026-01-02T00:10:00Z
update windows
set listed_at = :'listed_at'::timestamptz
where repository_id = :'repository_id'::bigint
  and created_from = :'created_from'::timestamptz;
