-- Complete windows to list again, because their runs may have been re-run since; oldest list first.
-- A run can be re-run for 30 days: a window that was younger at its last list is due a day later.
--   psql "$DATABASE_URL" -f sql/runs/due_windows.sql -v repository_id=7 -v full=false \
--     -v now=2026-02-01T00:00:00Z -v horizon=2025-08-01T00:00:00Z
select
  created_from,
  created_to,
  reported,
  seen,
  listed_at,
  etag,
  etag_token
from windows
where repository_id = :'repository_id'::bigint
  and is_complete
  and created_from >= :'horizon'::timestamptz
  and (
    :'full'::boolean
    or (
      created_to > listed_at - interval '31 days'
      and listed_at < :'now'::timestamptz - interval '1 day'
    )
  )
order by
  listed_at,
  created_from;
