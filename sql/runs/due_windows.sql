-- Complete windows to list again, because their runs may have been re-run since; oldest list first.
--   psql "$DATABASE_URL" -f sql/runs/due_windows.sql -v repository_id=7 -v full=false \
--     -v now=2026-02-01T00:00:00Z -v horizon=2025-08-01T00:00:00Z
select
  windows.created_from,
  windows.created_to,
  windows.reported,
  windows.seen,
  windows.listed_at,
  windows.etag,
  windows.etag_token
from windows
left join swept_windows using (repository_id, created_from)
where windows.repository_id = :'repository_id'::bigint
  and windows.is_complete
  and windows.created_from >= :'horizon'::timestamptz
  and (swept_windows.due_at <= :'now'::timestamptz or :'full'::boolean)
order by
  windows.listed_at,
  windows.created_from;
