-- Every job that ran and ended lasted no longer than GitHub lets a job last.
-- That is a day on GitHub's runners and five days on others. A longer job has no duration, so no
-- sum of minutes and no cost includes it. A row is such a job.
--   psql "$DATABASE_URL" -f sql/checks/jobs_that_ended_have_a_length.sql
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
  repository,
  github_run_id,
  run_attempt,
  job_id,
  job,
  runner_group_name,
  started_at,
  completed_at,
  repository_id
from executed_jobs
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
  and started_at is not null
  and completed_at is not null
  and duration_seconds is null
order by
  github_run_id,
  run_attempt,
  job_id
limit (select period.top from period);
