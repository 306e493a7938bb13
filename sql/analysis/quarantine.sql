-- Which jobs should stop blocking merges until they are fixed, and what do they cost?
-- Jobs that failed in the work itself and were green, without a change, in another attempt of the
-- run, in at least two runs. Failures caused by an outage, a runner or a time limit do not count.
-- The jobs of a matrix are one row, but if only one of them was flaky, the row is about that one.
-- failures counts all its failures in the work itself.
-- green_again_percent is the share of those run again that then were green; what was never re-run
-- tells nothing. flaky_jobs has the share of commits. failed_cost_usd is the list price of the
-- flaky failures, rerun_cost_usd that of all jobs that ran in the attempts after them;
-- unpriced_jobs of both have no known cost. waited_hours adds up how long each run was held up:
-- from the end of the first attempt with such a failure to the end of the first green attempt after
-- it. A run that two such jobs held up counts for both.
--   psql "$DATABASE_URL" -f sql/analysis/quarantine.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
of_matrices as (
  select
    github_run_id,
    run_attempt,
    job_id,
    repository_id,
    repository,
    coalesce(workflow_id, 0) as workflow_id,
    workflow,
    job,
    job_base,
    commit_sha,
    created_at,
    cause,
    is_run_again,
    is_green_again,
    min(job) filter (where cause = 'flaky') over matrix as first_flaky,
    max(job) filter (where cause = 'flaky') over matrix as last_flaky
  from failure_causes
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and cause in ('flaky', 'code', 'not run again')
  window matrix as (partition by repository_id, workflow_id, workflow, job_base)
),
failures as materialized (
  select
    github_run_id,
    run_attempt,
    job_id,
    repository_id,
    repository,
    workflow_id,
    workflow,
    case when first_flaky = last_flaky then job else job_base end as job,
    commit_sha,
    created_at,
    cause,
    is_run_again,
    is_green_again
  from of_matrices
  where first_flaky < last_flaky
    or job = first_flaky
),
flaky as materialized (
  select
    row_number() over () as number,
    repository_id,
    repository,
    workflow_id,
    workflow,
    job,
    count(distinct commit_sha) filter (where cause = 'flaky') as flaky_commits,
    count(*) as failures,
    count(*) filter (where is_run_again) as run_again,
    count(*) filter (where is_green_again) as green_again,
    max(created_at) filter (where cause = 'flaky') as last_created_at
  from failures
  group by
    repository_id,
    repository,
    workflow_id,
    workflow,
    job
  having count(distinct github_run_id) filter (where cause = 'flaky') >= 2
),
held_up as materialized (
  select
    flaky.number,
    flaky.job,
    failures.github_run_id,
    min(failures.run_attempt) as first_attempt
  from failures
  inner join flaky using (repository_id, workflow_id, workflow, job)
  where failures.cause = 'flaky'
  group by
    flaky.number,
    flaky.job,
    failures.github_run_id
),
executions as materialized (
  select
    github_run_id,
    run_attempt,
    job,
    job_base,
    list_cost_usd,
    (github_run_id, run_attempt, job_id) in (
      select
        github_run_id,
        run_attempt,
        job_id
      from failures
      where cause = 'flaky'
    ) as is_flaky_failure
  from job_costs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    -- As an array, the runs are known before the view is read, which then reads no others.
    and github_run_id = any(array(select github_run_id from held_up))
),
costs as (
  select
    held_up.number,
    sum(executions.list_cost_usd) filter (where kinds.is_failed) as failed_cost_usd,
    sum(executions.list_cost_usd) filter (where kinds.is_later) as rerun_cost_usd,
    count(*) filter (where executions.list_cost_usd is null) as unpriced_jobs
  from held_up
  inner join executions using (github_run_id)
  cross join lateral (
    select
      executions.is_flaky_failure
      and held_up.job in (executions.job, executions.job_base) as is_failed,
      executions.run_attempt > held_up.first_attempt as is_later
  ) as kinds
  where kinds.is_failed
    or kinds.is_later
  group by held_up.number
),
ends as materialized (
  select
    github_run_id,
    run_attempt,
    completed_at,
    is_success
  from attempts
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and github_run_id = any(array(select github_run_id from held_up))
),
waits as (
  select
    held_up.number,
    extract(
      epoch from min(ends.completed_at) filter (
        where ends.run_attempt > held_up.first_attempt and ends.is_success
      )
      - min(ends.completed_at) filter (where ends.run_attempt = held_up.first_attempt)
    ) as seconds
  from held_up
  inner join ends using (github_run_id)
  group by
    held_up.number,
    held_up.github_run_id
),
waited as (
  select
    number,
    sum(greatest(seconds, 0)) as seconds
  from waits
  where seconds is not null
  group by number
)
select
  flaky.repository,
  flaky.workflow,
  flaky.job,
  flaky.flaky_commits,
  flaky.failures,
  flaky.run_again,
  round(100.0 * flaky.green_again / nullif(flaky.run_again, 0), 4) as green_again_percent,
  costs.failed_cost_usd,
  costs.rerun_cost_usd,
  round(waited.seconds / 3600, 2) as waited_hours,
  flaky.last_created_at,
  coalesce(costs.unpriced_jobs, 0) as unpriced_jobs,
  nullif(flaky.workflow_id, 0) as workflow_id,
  flaky.repository_id
from flaky
left join costs using (number)
left join waited using (number)
order by
  flaky.flaky_commits desc,
  green_again_percent desc nulls last,
  flaky.repository,
  flaky.workflow,
  job
limit (select period.top from period);
