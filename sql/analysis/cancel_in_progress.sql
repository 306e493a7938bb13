-- What would be saved by cancelling a run when a newer one of its branch starts?
-- Runs of pull requests, and of pushes outside the default branch, during which the same event
-- started their workflow again on the same branch. The setting cancel-in-progress of concurrency
-- would have ended them at that moment. Branches of forks are distinguished by their repository, or
-- if it is deleted, by the account that caused the run.
-- Only first attempts count; re-runs and attempts that began after an approval are left out.
-- saved_minutes is the time that their jobs ran after the newer run was created; saved_usd is the
-- list price of the minutes that would not have been billed. unpriced_jobs have no known cost.
--   psql "$DATABASE_URL" -f sql/analysis/cancel_in_progress.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
runs as (
  select
    attempts.github_run_id,
    attempts.run_attempt,
    attempts.repository_id,
    attempts.repository,
    attempts.workflow_id,
    attempts.workflow,
    attempts.completed_at,
    attempts.is_exact,
    min(attempts.created_at) over newer as newer_at
  from attempts
  cross join period
  where attempts.created_at >= period.since
    and attempts.created_at < period.until
    and (period.repository_ids is null or attempts.repository_id = any(period.repository_ids))
    and attempts.run_attempt = 1
    and attempts.branch is not null
    and attempts.conclusion is distinct from 'skipped'
    and (
      attempts.branch_class = 'pull_request'
      or (attempts.branch_class = 'other' and attempts.event_type = 'push')
    )
  window newer as (
    partition by
      attempts.repository_id,
      attempts.workflow_id,
      attempts.head_repository,
      attempts.branch,
      attempts.event_type
    order by
      attempts.created_at,
      attempts.github_run_id
    rows between 1 following and 1 following
  )
),
overtaken as materialized (
  select
    github_run_id,
    run_attempt,
    repository_id,
    repository,
    workflow_id,
    workflow,
    is_exact,
    newer_at
  from runs
  where newer_at < completed_at
),
saved as materialized (
  select
    overtaken.github_run_id,
    count(*) as jobs,
    sum(wasted.seconds) as seconds,
    count(*) filter (where job_costs.list_cost_usd is null) as unpriced_jobs,
    sum(
      job_costs.list_cost_usd / nullif(job_costs.minutes, 0)
      * (job_costs.minutes - ceil((job_costs.duration_seconds - wasted.seconds) / 60))
    ) as list_cost_usd
  from job_costs
  inner join overtaken using (github_run_id, run_attempt)
  cross join period
  cross join lateral (
    select
      least(
        extract(epoch from job_costs.started_at - overtaken.newer_at) + job_costs.duration_seconds,
        job_costs.duration_seconds
      ) as seconds
  ) as wasted
  where job_costs.created_at >= period.since
    and job_costs.created_at < period.until
    and (period.repository_ids is null or job_costs.repository_id = any(period.repository_ids))
    and job_costs.duration_seconds > 0
    and wasted.seconds > 0
  group by overtaken.github_run_id
)
select
  overtaken.repository,
  overtaken.workflow,
  count(*) as overtaken_runs,
  coalesce(sum(saved.jobs), 0)::bigint as jobs,
  round(coalesce(sum(saved.seconds), 0) / 60, 2) as saved_minutes,
  round(
    coalesce(
      sum(saved.list_cost_usd),
      case
        when coalesce(sum(saved.unpriced_jobs), 0) + count(*) filter (where not is_exact) = 0
          then 0
      end
    ),
    4
  ) as saved_usd,
  coalesce(sum(saved.unpriced_jobs), 0)::bigint as unpriced_jobs,
  overtaken.workflow_id,
  overtaken.repository_id
from overtaken
left join saved using (github_run_id)
group by
  overtaken.repository_id,
  overtaken.repository,
  overtaken.workflow_id,
  overtaken.workflow
order by
  saved_minutes desc,
  overtaken.repository,
  overtaken.workflow
limit (select period.top from period);
