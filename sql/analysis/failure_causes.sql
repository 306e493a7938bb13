-- Why do jobs fail, as far as can be seen without logs?
-- Every failure has one cause, the first of this list that applies, so that the causes add up.
-- workflow file: no job began. no job failed: the run failed anyway. outage: over 80 percent of
-- everything that started in the repository in that hour failed. runner: the same for what one
-- runner of your own took within 12 hours. time limit: the job ran into it. no steps: GitHub lists
-- none. no step failed: the job failed anyway. runner lost: a step was cut off. set-up: a step
-- before the work failed, such as the checkout. clean-up: a step after the work failed. flaky: a
-- step of the work failed, and the job was green in another attempt of the run. code: it was red in
-- another attempt, and green in none. not run again: it ran in no other attempt, so the failure may
-- be flaky or of the code. docs/accuracy.md says how often the cause is right.
-- green_again_percent is the share of the failures run again that then were green. minutes and
-- list_cost_usd are of the failed executions alone; unpriced_jobs have no known cost.
--   psql "$DATABASE_URL" -f sql/analysis/failure_causes.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
failures as materialized (
  select
    github_run_id,
    run_attempt,
    job_id,
    repository_id,
    repository,
    cause,
    commit_sha,
    job_base,
    duration_seconds,
    is_run_again,
    is_green_again,
    created_at
  from failure_causes
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
),
costs as materialized (
  select
    github_run_id,
    run_attempt,
    job_id,
    list_cost_usd
  from job_costs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and conclusion in ('failure', 'timed_out', 'cancelled')
    -- As an array, the runs are known before the view is read, which then reads no others.
    and github_run_id = any(array(select github_run_id from failures))
),
jobs as (
  select distinct on (repository_id, cause)
    repository_id,
    cause,
    job_base,
    count(*) as failures
  from failures
  where job_base is not null
  group by
    repository_id,
    cause,
    job_base
  order by
    repository_id,
    cause,
    count(*) desc,
    job_base
)
select
  failures.repository,
  failures.cause,
  count(*) as failures,
  round(100.0 * count(*) / sum(count(*)) over (partition by failures.repository_id), 4)
    as share_percent,
  round(
    100.0 * count(*) filter (where failures.is_green_again)
    / nullif(count(*) filter (where failures.is_run_again), 0),
    4
  ) as green_again_percent,
  count(*) filter (where failures.is_run_again) as run_again,
  round(sum(failures.duration_seconds) / 60.0, 2) as minutes,
  sum(costs.list_cost_usd) as list_cost_usd,
  count(*) filter (where failures.job_id is not null and costs.list_cost_usd is null)
    as unpriced_jobs,
  jobs.job_base as most_often_job,
  jobs.failures as most_often_failures,
  count(distinct failures.commit_sha) as commits,
  max(failures.created_at) as last_created_at,
  failures.repository_id
from failures
left join costs using (github_run_id, run_attempt, job_id)
left join jobs using (repository_id, cause)
group by
  failures.repository_id,
  failures.repository,
  failures.cause,
  jobs.job_base,
  jobs.failures
order by
  failures desc,
  failures.repository,
  failures.cause
limit (select period.top from period);
