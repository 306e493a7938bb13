-- Which of the last hundred successful runs was the slowest, and when did each of its jobs run?
-- One row for each job, by start; started_seconds counts from the start of the run. Runs with a job
-- that waited over an hour are left out, because it usually waited for a person.
--   psql "$DATABASE_URL" -f sql/analysis/slowest_run.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
recent as (
  select
    github_run_id,
    run_attempt,
    repository_id,
    repository,
    workflow_id,
    workflow,
    run_number,
    started_at,
    created_at,
    duration_seconds,
    html_url
  from attempts
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and is_success
    and is_first_attempt
    and is_exact
    -- The five days that a job may run at most: of what took longer, one was stuck.
    and duration_seconds <= 432000
  order by
    created_at desc,
    github_run_id desc
  limit 100
),
stuck as (
  select distinct
    executed_jobs.github_run_id,
    executed_jobs.run_attempt
  from recent
  inner join executed_jobs
    on executed_jobs.repository_id = recent.repository_id
    and executed_jobs.created_at = recent.created_at
    and executed_jobs.github_run_id = recent.github_run_id
    and executed_jobs.run_attempt = recent.run_attempt
  where executed_jobs.started_at - executed_jobs.queued_at > interval '1 hour'
),
slowest as (
  select
    github_run_id,
    run_attempt,
    repository_id,
    repository,
    workflow_id,
    workflow,
    run_number,
    started_at,
    created_at,
    duration_seconds,
    html_url
  from recent
  left join stuck using (github_run_id, run_attempt)
  where stuck.github_run_id is null
  order by
    duration_seconds desc,
    github_run_id
  limit 1
)
select
  slowest.repository,
  slowest.workflow,
  slowest.run_number,
  slowest.duration_seconds,
  executed_jobs.job,
  executed_jobs.is_red,
  executed_jobs.queue_seconds,
  greatest(
    extract(epoch from executed_jobs.started_at - slowest.started_at), 0
  )::bigint as started_seconds,
  executed_jobs.duration_seconds as job_seconds,
  slowest.github_run_id,
  slowest.html_url,
  slowest.workflow_id
from slowest
inner join executed_jobs
  on executed_jobs.repository_id = slowest.repository_id
  and executed_jobs.created_at = slowest.created_at
  and executed_jobs.github_run_id = slowest.github_run_id
  and executed_jobs.run_attempt = slowest.run_attempt
where executed_jobs.started_at is not null
  and executed_jobs.duration_seconds is not null
order by
  started_seconds,
  job_seconds,
  executed_jobs.job,
  executed_jobs.job_id;
