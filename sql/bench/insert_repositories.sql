-- Four made-up repositories, for a bench; the first has most of the runs.
--   psql "$DATABASE_URL" -f sql/bench/insert_repositories.sql
insert into repositories (
  repository_id,
  repository,
  api_host
)
select
  id,
  'acme/app-' || id,
  'api.github.com'
from generate_series(1, 4) as id;
