-- No job that ran started before its attempt did.
-- A minute is allowed, because GitHub's clocks differ by seconds: a job may start before its run
-- was created. Skipped jobs and jobs carried over from an earlier attempt did not run here. A row
-- is a job that started earlier, and so would count for the wrong attempt.
--   psql "$DATABASE_URL" -f sql/checks/jobs_start_within_their_attempt.sql
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
  started_at,
  attempt_started_at,
  repository_id
from executed_jobs
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
  and started_at < attempt_started_at - interval '1 minute'
order by
  github_run_id,
  run_attempt,
  job_id
limit (select period.top from period);
