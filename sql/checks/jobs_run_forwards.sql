-- No job that ran has a negative wait or a negative length.
-- A minute is allowed, because GitHub's clocks differ by seconds; such times count as 0. Skipped
-- jobs have copied times and did not run. A row is a job that ended before it started, or started
-- before it was queued, by more than that.
--   psql "$DATABASE_URL" -f sql/checks/jobs_run_forwards.sql
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
  queued_at,
  started_at,
  completed_at,
  repository_id
from executed_jobs
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
  and (
    started_at < queued_at - interval '1 minute'
    or completed_at < started_at - interval '1 minute'
  )
order by
  github_run_id,
  run_attempt,
  job_id
limit (select period.top from period);
