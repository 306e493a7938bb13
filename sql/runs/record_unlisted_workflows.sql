-- Record the workflows that a repository's runs name and that GitHub does not list.
--   psql "$DATABASE_URL" -f sql/runs/record_unlisted_workflows.sql -v repository_id=7
insert into workflows (
  workflow_id,
  repository_id
)
select distinct
  workflow_id,
  repository_id
from workflow_runs
where repository_id = :'repository_id'::bigint
  and workflow_id is not null
on conflict (workflow_id) do nothing;
