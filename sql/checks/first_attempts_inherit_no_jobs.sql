-- No first attempt has a job that was carried over from an earlier one.
-- The minutes and the cost of such a job do not count, so those of a job marked by mistake would be
-- lost. A row is a job of a first attempt that is marked as carried over.
--   psql "$DATABASE_URL" -f sql/checks/first_attempts_inherit_no_jobs.sql
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
  workflow_runs.repository,
  workflow_jobs.github_run_id,
  workflow_jobs.run_attempt,
  workflow_jobs.job_id,
  workflow_jobs.name as job,
  workflow_jobs.completed_at,
  workflow_runs.started_at as attempt_started_at,
  workflow_runs.repository_id
from workflow_jobs
inner join workflow_runs using (github_run_id, run_attempt)
cross join period
where workflow_runs.created_at >= period.since
  and workflow_runs.created_at < period.until
  and (period.repository_ids is null or workflow_runs.repository_id = any(period.repository_ids))
  and workflow_jobs.run_attempt = 1
  and workflow_jobs.is_inherited
order by
  workflow_jobs.github_run_id,
  workflow_jobs.job_id
limit (select period.top from period);
