-- Which workflows got slower or faster, since when, and by which job?
-- By the view duration_shifts: a lasting change by a tenth and ten seconds or more that chance does
-- not explain. job is the one whose own median changed most, in seconds, on the same day; NULL
-- where no jobs are stored. Look at what was merged on changed_on and the days before it.
--   psql "$DATABASE_URL" -f sql/analysis/slower_or_faster.sql
with period as not materialized (
  select
    now() - interval '30 days' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
shifts as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    changed_on,
    before_seconds,
    after_seconds,
    change_percent,
    before_runs,
    after_runs
  from duration_shifts
  cross join period
  where changed_on >= (period.since at time zone 'UTC')::date
    and changed_on < period.until at time zone 'UTC'
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
),
job_days as materialized (
  select
    repository_id,
    workflow_id,
    workflow,
    branch_class,
    job,
    day,
    percentile_cont(0.5) within group (order by duration_seconds) as p50_seconds
  from executed_jobs
  cross join period
  where created_at >= period.until - interval '90 days'
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and workflow_id = any(array(select workflow_id from shifts))
    and is_first_attempt
    and is_success
    and duration_seconds is not null
  group by
    repository_id,
    workflow_id,
    workflow,
    branch_class,
    job,
    day
),
job_changes as (
  select
    shifts.repository_id,
    shifts.workflow_id,
    shifts.workflow,
    shifts.branch_class,
    job_days.job,
    percentile_cont(0.5) within group (order by job_days.p50_seconds)
      filter (where job_days.day < shifts.changed_on) as before_seconds,
    percentile_cont(0.5) within group (order by job_days.p50_seconds)
      filter (where job_days.day >= shifts.changed_on) as after_seconds
  from shifts
  inner join job_days using (repository_id, workflow_id, workflow, branch_class)
  group by
    shifts.repository_id,
    shifts.workflow_id,
    shifts.workflow,
    shifts.branch_class,
    job_days.job
),
job_most_changed as (
  select distinct on (repository_id, workflow_id, workflow, branch_class)
    repository_id,
    workflow_id,
    workflow,
    branch_class,
    job,
    round(before_seconds)::bigint as before_seconds,
    round(after_seconds)::bigint as after_seconds
  from job_changes
  where before_seconds is not null
    and after_seconds is not null
  order by
    repository_id,
    workflow_id,
    workflow,
    branch_class,
    abs(after_seconds - before_seconds) desc,
    job
)
select
  shifts.repository,
  shifts.workflow,
  shifts.branch_class,
  shifts.changed_on,
  shifts.change_percent,
  shifts.before_seconds,
  shifts.after_seconds,
  shifts.before_runs,
  shifts.after_runs,
  job_most_changed.job,
  job_most_changed.before_seconds as job_before_seconds,
  job_most_changed.after_seconds as job_after_seconds,
  shifts.workflow_id
from shifts
left join job_most_changed using (repository_id, workflow_id, workflow, branch_class)
order by
  abs(shifts.after_seconds - shifts.before_seconds) * shifts.after_runs desc,
  shifts.repository,
  shifts.workflow,
  shifts.branch_class
limit (select period.top from period);
