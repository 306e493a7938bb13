-- The repositories there are, by name, and whether ingests are expected of them.
--   psql "$DATABASE_URL" -f sql/report/repositories.sql
select
  repository_id,
  repository,
  api_host,
  forgotten_at is null as is_watched
from repositories
order by
  repository,
  repository_id;
