-- No two workflows of a repository are shown under one name.
-- Sums by name would add them up. A row is a name that several workflows of a repository have.
--   psql "$DATABASE_URL" -f sql/checks/workflow_names_are_unique.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
)
select
  repositories.repository,
  workflow_names.workflow,
  count(*) as workflows,
  min(workflow_names.workflow_id) as workflow_id,
  max(workflow_names.workflow_id) as other_workflow_id,
  workflow_names.repository_id
from workflow_names
cross join period
left join repositories using (repository_id)
where period.repository_ids is null
  or workflow_names.repository_id = any(period.repository_ids)
group by
  repositories.repository,
  workflow_names.workflow,
  workflow_names.repository_id
having count(*) > 1
order by
  workflow_names.repository_id,
  workflow_names.workflow
limit (select period.top from period);
