-- Windows whose runs may have been re-run since, and whether they are due to be listed again.
-- Others that end after reliable_before are left out, because filtered lists lag behind.
--   psql "$DATABASE_URL" -f sql/runs/due_windows.sql -v repository_id=7 -v full=false \
--     -v now=2026-02-01T00:00:00Z -v horizon=2025-08-01T00:00:00Z \
--     -v reliable_before=2026-01-31T23:00:00Z
select
  windows.created_from,
  windows.created_to,
  windows.seen,
  windows.listed_at,
  windows.etag,
  windows.etag_token,
  :'full'::boolean or swept_windows.due_at <= :'now'::timestamptz as is_due
from windows
left join swept_windows using (repository_id, created_from)
where windows.repository_id = :'repository_id'::bigint
  and windows.created_to > :'horizon'::timestamptz
  and (swept_windows.due_at is not null or :'full'::boolean)
  and (
    windows.created_to <= :'reliable_before'::timestamptz
    or swept_windows.due_at <= :'now'::timestamptz
  )
order by
  windows.listed_at,
  windows.created_from;
