-- Store repositories by their number; returns, for each new or changed one, whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL.
--   psql "$DATABASE_URL" -f sql/runs/upsert_repositories.sql \
--     -v rows='[{"repository_id":7,"repository":"acme/app","api_host":"api.github.com"}]'
insert into repositories (
  repository_id,
  repository,
  api_host
)
select
  repository_id,
  repository,
  api_host
from json_populate_recordset(null::repositories, :'rows'::json)
on conflict (repository_id) do update set
  repository = excluded.repository,
  revision = repositories.revision + 1
where repositories.repository is distinct from excluded.repository
returning (revision = 1) as inserted;
