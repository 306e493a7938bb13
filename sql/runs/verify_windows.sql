-- When the runs of a repository were last listed, for windows that are still listed again.
-- A window is listed again as long as its runs could still be re-run at its last list.
--   psql "$DATABASE_URL" -f sql/runs/verify_windows.sql -v repository_id=7
select
  created_from,
  created_to,
  listed_at
from windows
where repository_id = :'repository_id'::bigint
  and created_to > listed_at - interval '31 days'
order by created_from;
