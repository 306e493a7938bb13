-- If a job ran on another runner, when would runs end, and what would they cost?
-- Answers for each job in turn, or for one (JOB=), on one kind of runner or label of the price list
-- (RUNNER=), at a multiple of the present speed (SPEED=). It looks at runs that succeeded at the
-- first attempt, with the critical path of each as in critical_paths. A faster job shortens a run
-- until another job is the last one; a slower job outside the path costs no time until it is the
-- last. A run lasts from its first queued job to its last ended one. list_cost_usd is the list
-- price of all executions of the job in the period, including failed ones and re-runs, each rounded
-- up to minutes, at the price of its day. list_cost_usd_after is NULL if the runner has no price,
-- and 0 on a standard runner in a public repository. free_jobs cost nothing now; unpriced_jobs have
-- no known cost. saved_hours is the sum over all runs; push_saved_hours is the sum over runs that a
-- push started: a commit waits for these, but hardly anybody for a nightly. usd_per_saved_hour is
-- the price of one of the saved_hours; if negative, the change pays for itself.
--   psql "$DATABASE_URL" -f sql/analysis/what_if.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
-- Edit these, or ask by make what-if. The kind of runner is a sku of runner_prices or a label of
-- runner_labels.
change as not materialized (
  select
    null::text as job,
    'linux_4_core'::text as runner,
    2.0::double precision as speed
),
-- All that follows stays within one run, and therefore in arrays: there is nothing to join.
runs as (
  select
    repository_id,
    max(repository) as repository,
    workflow_id,
    max(workflow) as workflow,
    bool_or(is_of_push) as is_of_push,
    max(ended_after_seconds) - min(queued_after_seconds) as run_seconds,
    array_agg(job) as jobs,
    array_agg(queued_after_seconds) as queued,
    array_agg(ended_after_seconds) as ended,
    array_agg(duration_seconds) as seconds,
    array_agg(slack_seconds) as slacks,
    array_agg(is_on_path) as is_on_path
  from critical_paths
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by
    github_run_id,
    repository_id,
    workflow_id
),
-- Jobs that do not wait for a job limit how much is gained if it gets faster.
parts as materialized (
  select
    runs.repository_id,
    runs.repository,
    runs.workflow_id,
    runs.workflow,
    runs.is_of_push,
    part.job,
    runs.run_seconds,
    part.late_by,
    part.path_seconds,
    part.path_seconds is not null as is_on_path,
    case
      when part.path_seconds is not null then (
        select min(
          case
            when other.job = part.job then part.path_ended - other.ended
              + other.seconds * (1 - 1 / change.speed)
            when other.ended <= part.path_ended then part.path_ended - other.ended
            else other.slack
          end
        )
        from unnest(
          runs.jobs, runs.queued, runs.ended, runs.seconds, runs.slacks, runs.is_on_path
        ) as other (job, queued, ended, seconds, slack, is_on_path)
        where not other.is_on_path
          and other.queued < part.path_ended - 2
      )
    end as most_seconds
  from runs
  cross join change
  cross join lateral (
    select
      member.job,
      case
        when change.speed < 1 then max(
          member.seconds * (1 / change.speed - 1)
          - least(
            member.slack,
            (
              -- What was queued after a job beside the path may wait for it.
              select min(waiting.slack)
              from unnest(runs.queued, runs.slacks, runs.is_on_path)
                as waiting (queued, slack, is_on_path)
              where not waiting.is_on_path
                and waiting.queued >= member.ended - 2
            )
          )
        ) filter (where not member.is_on_path)
      end as late_by,
      sum(member.seconds) filter (where member.is_on_path) as path_seconds,
      min(member.ended) filter (where member.is_on_path) as path_ended
    from unnest(runs.jobs, runs.slacks, runs.seconds, runs.ended, runs.is_on_path)
      as member (job, slack, seconds, ended, is_on_path)
    group by change.speed, member.job
  ) as part
),
sums as (
  select
    parts.repository_id,
    max(parts.repository) as repository,
    parts.workflow_id,
    max(parts.workflow) as workflow,
    parts.job,
    count(*) as runs,
    count(*) filter (where parts.is_on_path) as runs_on_path,
    percentile_cont(0.5) within group (order by parts.run_seconds) as run_p50_seconds,
    percentile_cont(0.5) within group (order by parts.run_seconds - coalesce(changes.gain, 0))
      as run_p50_after_seconds,
    coalesce(sum(changes.gain) filter (where parts.is_of_push), 0) as push_gain,
    sum(coalesce(changes.gain, 0)) as gain
  from parts
  cross join change
  cross join lateral (
    select
      case
        when change.speed >= 1 then greatest(
          least(parts.path_seconds * (1 - 1 / change.speed), parts.most_seconds),
          0
        )
        else -greatest(parts.path_seconds * (1 / change.speed - 1), parts.late_by, 0)
      end as gain
  ) as changes
  where change.job is null
    or parts.job = change.job
  group by
    parts.repository_id,
    parts.workflow_id,
    parts.job
),
prices as (
  select
    runner_prices.effective_from,
    lead(runner_prices.effective_from) over (order by runner_prices.effective_from)
      as effective_until,
    runner_prices.usd_per_minute,
    runner_prices.sku in (select sku from standard_skus) as is_standard
  from change
  left join runner_labels on runner_labels.label = lower(change.runner)
  inner join runner_prices
    on runner_prices.sku = coalesce(runner_labels.sku, lower(change.runner))
),
bills as materialized (
  select
    job_costs.repository_id,
    job_costs.workflow_id,
    job_costs.job_base as job,
    count(*) filter (where job_costs.free_because is not null) as free_jobs,
    count(*) filter (where job_costs.list_cost_usd is null) as unpriced_jobs,
    sum(job_costs.list_cost_usd) as list_cost_usd,
    sum(
      greatest(ceil(job_costs.duration_seconds / change.speed / 60), 1)::numeric
      * case
        when prices.is_standard and not job_costs.is_private then 0
        else prices.usd_per_minute
      end
    ) filter (where job_costs.duration_seconds is not null) as list_cost_usd_after,
    count(job_costs.list_cost_usd) = count(job_costs.duration_seconds) as is_priced,
    count(prices.usd_per_minute) = count(*) as is_priced_after
  from job_costs
  cross join period
  cross join change
  left join prices
    on prices.effective_from <= job_costs.started_on
    and (prices.effective_until > job_costs.started_on or prices.effective_until is null)
  where job_costs.created_at >= period.since
    and job_costs.created_at < period.until
    and (period.repository_ids is null or job_costs.repository_id = any(period.repository_ids))
    and (change.job is null or job_costs.job_base = change.job)
  group by
    job_costs.repository_id,
    job_costs.workflow_id,
    job_costs.job_base
)
select
  sums.repository,
  sums.workflow,
  sums.job,
  change.runner,
  change.speed,
  round(sums.run_p50_seconds::numeric)::bigint as run_p50_seconds,
  round(sums.run_p50_after_seconds::numeric)::bigint as run_p50_after_seconds,
  bills.list_cost_usd,
  case when bills.is_priced_after then bills.list_cost_usd_after end as list_cost_usd_after,
  round((sums.push_gain / 3600)::numeric, 1) as push_saved_hours,
  round((sums.gain / 3600)::numeric, 1) as saved_hours,
  case
    when bills.is_priced and bills.is_priced_after and sums.gain > 0 then round(
      (bills.list_cost_usd_after - bills.list_cost_usd) / (sums.gain / 3600)::numeric,
      2
    )
  end as usd_per_saved_hour,
  sums.runs,
  round(100.0 * sums.runs_on_path / sums.runs, 4) as on_path_percent,
  bills.free_jobs,
  bills.unpriced_jobs,
  sums.workflow_id,
  sums.repository_id
from sums
cross join change
left join bills
  on bills.repository_id is not distinct from sums.repository_id
  and bills.workflow_id is not distinct from sums.workflow_id
  and bills.job = sums.job
order by
  push_saved_hours desc,
  saved_hours desc,
  on_path_percent desc,
  sums.repository,
  sums.workflow,
  sums.job
limit (select period.top from period);
