-- Store workflows as GitHub lists them; returns for each that is new or changed whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL.
--   psql "$DATABASE_URL" -f sql/runs/upsert_workflows.sql \
--     -v rows='[{"workflow_id":9,"repository_id":7,"name":"CI","path":"ci.yml","state":"active"}]'
insert into workflows (
  workflow_id, repository_id, name, path, state
)
select
  workflow_id, repository_id, name, path, state
from json_populate_recordset(null::workflows, :'rows'::json)
on conflict (workflow_id) do update set
  repository_id = excluded.repository_id,
  name = excluded.name,
  path = excluded.path,
  state = excluded.state,
  revision = workflows.revision + 1
where (
    workflows.repository_id, workflows.name, workflows.path, workflows.state
  ) is distinct from (
    excluded.repository_id, excluded.name, excluded.path, excluded.state
  )
returning (revision = 1) as inserted;
