-- The steps of a job that ran do not last longer together than the job.
-- Steps run one after another. A minute, and a second for each step, are allowed, because the
-- runner's clock times the steps and GitHub's clock the job. A row is a job whose steps last
-- longer.
--   psql "$DATABASE_URL" -f sql/checks/steps_fit_into_their_job.sql
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
  executed_jobs.repository,
  executed_jobs.github_run_id,
  executed_jobs.run_attempt,
  executed_jobs.job_id,
  executed_jobs.job,
  executed_jobs.duration_seconds as job_seconds,
  sum(
    trunc(extract(epoch from workflow_steps.completed_at - workflow_steps.started_at))
  )::bigint as steps_seconds,
  executed_jobs.repository_id
from executed_jobs
inner join workflow_steps using (github_run_id, run_attempt, job_id)
cross join period
where executed_jobs.created_at >= period.since
  and executed_jobs.created_at < period.until
  and (period.repository_ids is null or executed_jobs.repository_id = any(period.repository_ids))
  and workflow_steps.completed_at > workflow_steps.started_at
group by
  executed_jobs.repository_id,
  executed_jobs.repository,
  executed_jobs.github_run_id,
  executed_jobs.run_attempt,
  executed_jobs.job_id,
  executed_jobs.job,
  executed_jobs.duration_seconds
having sum(extract(epoch from workflow_steps.completed_at - workflow_steps.started_at))
  > executed_jobs.duration_seconds + 60 + count(*)
order by
  executed_jobs.github_run_id,
  executed_jobs.run_attempt,
  executed_jobs.job_id
limit (select period.top from period);
