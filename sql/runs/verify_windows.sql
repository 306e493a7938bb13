-- When the runs of a repository were last listed, for windows that are still listed again.
--   psql "$DATABASE_URL" -f sql/runs/verify_windows.sql -v repository_id=7
select
  created_from,
  created_to,
  listed_at
from swept_windows
where repository_id = :'repository_id'::bigint
order by created_from;
