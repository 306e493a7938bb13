-- The repositories there are, by name.
--   psql "$DATABASE_URL" -f sql/report/repositories.sql
select
  repository_id,
  repository,
  api_host
from repositories
order by
  repository,
  repository_id;
