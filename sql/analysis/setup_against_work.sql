-- How much of the time of jobs is set-up, and how much is work?
-- The time of the steps of jobs that ran, by the names of the steps. Set-up is what comes before
-- the work: the runner's own steps, checkout, caches, logins, set-up actions, installations.
-- Clean-up is what comes after it: post steps, uploads. The rest is work. other_minutes is the time
-- of these jobs outside any step. The parts add up to job_minutes, except where the clocks of steps
-- and jobs differ.
--   psql "$DATABASE_URL" -f sql/analysis/setup_against_work.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
steps as materialized (
  select
    github_run_id,
    run_attempt,
    job_id,
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_base,
    step,
    duration_seconds,
    job_duration_seconds
  from executed_steps
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
),
-- Each name is worked out once: the same few are in most jobs.
names as materialized (
  select
    step,
    coalesce((select max(part) from step_patterns where step ~* pattern), 'work') as part
  from (
    select distinct step
    from steps
  ) as named
),
parts as (
  select
    -- A job has one of each of these; grouped by its id alone, its steps need less sorting.
    min(repository_id) as repository_id,
    min(repository) as repository,
    min(workflow_id) as workflow_id,
    min(workflow) as workflow,
    min(job_base) as job_base,
    sum(duration_seconds) filter (where names.part = 'set-up') as set_up,
    sum(duration_seconds) filter (where names.part = 'work') as work,
    sum(duration_seconds) filter (where names.part = 'clean-up') as clean_up,
    max(job_duration_seconds) as job
  from steps
  inner join names using (step)
  group by
    github_run_id,
    run_attempt,
    job_id
)
select
  repository,
  workflow,
  job_base as job,
  round(100.0 * coalesce(sum(set_up), 0) / nullif(sum(job), 0), 4) as set_up_percent,
  round(
    percentile_cont(0.5) within group (order by coalesce(set_up, 0)::double precision)::numeric
  )::bigint as set_up_p50_seconds,
  round(coalesce(sum(set_up), 0) / 60.0, 2) as set_up_minutes,
  round(coalesce(sum(work), 0) / 60.0, 2) as work_minutes,
  round(coalesce(sum(clean_up), 0) / 60.0, 2) as clean_up_minutes,
  round(
    sum(
      greatest(job - coalesce(set_up, 0) - coalesce(work, 0) - coalesce(clean_up, 0), 0)
    ) / 60.0,
    2
  ) as other_minutes,
  round(sum(job) / 60.0, 2) as job_minutes,
  count(*) as jobs,
  workflow_id,
  repository_id
from parts
where job is not null
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  job_base
order by
  set_up_minutes desc,
  repository,
  workflow,
  job
limit (select period.top from period);
