-- All attempts of a run have one repository, one workflow, one number and one creation time.
-- Sums by day and pruning rely on that. A row is a run whose attempts differ.
--   psql "$DATABASE_URL" -f sql/checks/attempts_of_a_run_agree.sql
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
  max(repository) as repository,
  github_run_id,
  count(*) as attempts,
  min(repository_id) as repository_id,
  max(repository_id) as other_repository_id,
  min(workflow_id) as workflow_id,
  max(workflow_id) as other_workflow_id,
  min(run_number) as run_number,
  max(run_number) as other_run_number,
  min(created_at) as created_at,
  max(created_at) as other_created_at
from workflow_runs
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
group by github_run_id
having (min(repository_id), min(workflow_id), min(run_number), min(created_at))
  is distinct from (max(repository_id), max(workflow_id), max(run_number), max(created_at))
order by github_run_id
limit (select period.top from period);
