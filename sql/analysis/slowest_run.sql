-- Which of a repository's last hundred successful runs was the slowest, and when did its jobs run?
-- The last hundred are those that succeeded at the first attempt and whose jobs are stored. One row
-- for each job, by start; started_seconds counts from the start of the run. Runs with a job that
-- waited over an hour are left out, because it usually waited for a person, and runs with a job
-- that was stuck.
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
numbered as (
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
    html_url,
    row_number() over (
      partition by repository_id order by created_at desc, github_run_id desc
    ) as recency
  from attempts
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and is_success
    and is_first_attempt
    and is_exact
),
jobs as (
  select
    numbered.repository_id,
    numbered.github_run_id,
    numbered.started_at as run_started_at,
    numbered.duration_seconds as run_seconds,
    numbered.repository,
    numbered.workflow_id,
    numbered.workflow,
    numbered.run_number,
    numbered.html_url,
    executed_jobs.job_id,
    executed_jobs.job,
    executed_jobs.is_red,
    executed_jobs.queue_seconds,
    executed_jobs.started_at,
    executed_jobs.duration_seconds,
    -- A job of unknown length was stuck until GitHub closed it.
    bool_or(
      executed_jobs.duration_seconds is null
      or executed_jobs.started_at - executed_jobs.queued_at > interval '1 hour'
    ) over (partition by numbered.github_run_id) as is_held_up
  from numbered
  inner join executed_jobs using (repository_id, created_at, github_run_id, run_attempt)
  where numbered.recency <= 100
),
slowest as (
  select distinct on (repository_id)
    repository_id,
    github_run_id
  from jobs
  where is_held_up is not true
  order by
    repository_id,
    run_seconds desc nulls last,
    github_run_id
)
select
  jobs.repository,
  jobs.workflow,
  jobs.run_number,
  jobs.run_seconds as duration_seconds,
  jobs.job,
  jobs.is_red,
  jobs.queue_seconds,
  greatest(
    extract(epoch from jobs.started_at - jobs.run_started_at), 0
  )::bigint as started_seconds,
  jobs.duration_seconds as job_seconds,
  jobs.github_run_id,
  jobs.html_url,
  jobs.workflow_id,
  jobs.repository_id
from slowest
inner join jobs using (repository_id, github_run_id)
where jobs.started_at is not null
  and jobs.duration_seconds is not null
order by
  jobs.repository,
  jobs.repository_id,
  started_seconds,
  job_seconds,
  jobs.job,
  jobs.job_id;
