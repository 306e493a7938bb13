-- An attempt whose jobs are stored ends when its last job ends.
-- Jobs that no runner took, and jobs carried over from an earlier attempt, do not count. A row is
-- an attempt that ends at another time: one of its jobs lies outside it, or its end is wrong.
--   psql "$DATABASE_URL" -f sql/checks/attempts_end_with_their_last_job.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
ends as (
  select
    github_run_id,
    run_attempt,
    max(completed_at) as last_job_completed_at
  from executed_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by
    github_run_id,
    run_attempt
)
select
  workflow_runs.repository,
  workflow_runs.github_run_id,
  workflow_runs.run_attempt,
  workflow_runs.completed_at,
  ends.last_job_completed_at,
  workflow_runs.repository_id
from ends
inner join workflow_runs using (github_run_id, run_attempt)
where workflow_runs.jobs_listed_at is not null
  and ends.last_job_completed_at <> workflow_runs.completed_at
order by
  workflow_runs.github_run_id,
  workflow_runs.run_attempt
limit (select period.top from period);
