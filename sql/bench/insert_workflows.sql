-- The workflows of the runs that are there, as GitHub would list them, for a bench.
--   psql "$DATABASE_URL" -f sql/bench/insert_workflows.sql
insert into workflows (
  workflow_id,
  repository_id,
  name,
  path,
  state
)
select distinct
  workflow_id,
  repository_id,
  workflow_name,
  workflow_path,
  'active'
from workflow_runs;
