-- The slowest successful run among the last hundred, and when each of its jobs ran.
-- Where a job waited for more than an hour it was for a person as a rule: such runs are left out.
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/slowest_run.sql
with recent as (
  select
    github_run_id,
    run_attempt,
    workflow_id,
    workflow,
    run_number,
    started_at,
    created_at,
    duration_seconds,
    html_url
  from attempts
  where repository_id = :'repository_id'::bigint
    and created_at >= :'since'::timestamptz
    and created_at < :'until'::timestamptz
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
slowest as (
  select
    github_run_id,
    run_attempt,
    workflow_id,
    workflow,
    run_number,
    started_at,
    created_at,
    duration_seconds,
    html_url
  from recent
  where not exists (
    select 1
    from executed_jobs
    where executed_jobs.repository_id = :'repository_id'::bigint
      and executed_jobs.created_at = recent.created_at
      and executed_jobs.github_run_id = recent.github_run_id
      and executed_jobs.run_attempt = recent.run_attempt
      and executed_jobs.started_at - executed_jobs.queued_at > interval '1 hour'
  )
  order by
    duration_seconds desc,
    github_run_id
  limit 1
)
select
  slowest.github_run_id,
  slowest.run_attempt,
  slowest.workflow_id,
  slowest.workflow,
  slowest.run_number,
  slowest.created_at,
  slowest.duration_seconds,
  slowest.html_url,
  executed_jobs.job_id,
  executed_jobs.job,
  executed_jobs.is_red,
  executed_jobs.queue_seconds,
  greatest(
    extract(epoch from executed_jobs.started_at - slowest.started_at), 0
  )::bigint as started_seconds,
  executed_jobs.duration_seconds as job_seconds
from slowest
inner join executed_jobs
  on executed_jobs.repository_id = :'repository_id'::bigint
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
