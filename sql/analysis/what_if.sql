-- What if a job ran on another runner: when would runs end, and what would they cost?
-- The CTE change says which job (by default each in turn), on which kind of runner or label of the
-- price list, and how many times as fast as now. Of runs that succeeded at the first attempt, with
-- the path of each as in critical_jobs.sql: a faster job gains until another one is the last, and a
-- slower one beside the path costs no time until it is. A run lasts from its first queued job to
-- its last ended one. list_cost_usd is of all executions of the job in the period, failed ones and
-- re-runs included, each rounded up to minutes, at the price of its day; list_cost_usd_after is
-- NULL if the runner has no price. free_jobs cost nothing now; unpriced_jobs have no known cost.
-- usd_per_saved_hour is the price of an hour less of waiting; negative: it pays for itself.
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
-- The kind of runner is a sku of runner_prices or a label of runner_labels.
change as not materialized (
  select
    null::text as job,
    'linux_4_core'::text as runner,
    2.0::double precision as speed
),
jobs as materialized (
  select
    github_run_id,
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_id,
    job_base as job,
    extract(epoch from coalesce(queued_at, attempt_started_at))::double precision
      as queued,
    extract(epoch from completed_at)::double precision as ended,
    duration_seconds as seconds
  from executed_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and attempt_conclusion = 'success'
    and not is_rerun
    and duration_seconds is not null
),
names as materialized (
  select distinct
    repository_id,
    repository,
    workflow_id,
    workflow
  from jobs
),
-- GitHub queues a job a second or two after the last job that it needs has ended: after the one
-- that had ended last then, if that was within half a minute.
linked as (
  select
    github_run_id,
    repository_id,
    workflow_id,
    job_id,
    job,
    queued,
    ended,
    seconds,
    is_queued,
    moment,
    max(ending) over (
      partition by github_run_id
      order by
        moment,
        is_queued desc
      rows between unbounded preceding and current row
    ) as last_ending
  from jobs
  cross join lateral (
    values
      (true, least(queued + 2, ended), null),
      (false, ended, array[ended, job_id::double precision])
  ) as event (is_queued, moment, ending)
),
-- All that follows stays within one run, and therefore in arrays: there is nothing to join.
runs as (
  select
    github_run_id,
    repository_id,
    workflow_id,
    array_agg(job_id order by ended desc, job_id) as job_ids,
    array_agg(job order by ended desc, job_id) as jobs,
    array_agg(queued order by ended desc, job_id) as queued,
    array_agg(ended order by ended desc, job_id) as ended,
    array_agg(seconds order by ended desc, job_id) as seconds,
    coalesce(
      jsonb_object_agg(job_id, last_ending[2]::bigint) filter (where last_ending[1] > moment - 30),
      '{}'
    ) as needs
  from linked
  where is_queued
  group by
    github_run_id,
    repository_id,
    workflow_id
),
members as (
  select
    runs.github_run_id,
    runs.repository_id,
    runs.workflow_id,
    member.job,
    member.queued,
    member.ended,
    member.seconds,
    coalesce(
      member.job_id::text in (
        runs.job_ids[1]::text, one.id, two.id, three.id, four.id, five.id, six.id, seven.id
      ),
      false
    ) as is_on_path
  from runs
  cross join lateral (select runs.needs ->> runs.job_ids[1]::text as id) as one
  cross join lateral (select runs.needs ->> one.id as id) as two
  cross join lateral (select runs.needs ->> two.id as id) as three
  cross join lateral (select runs.needs ->> three.id as id) as four
  cross join lateral (select runs.needs ->> four.id as id) as five
  cross join lateral (select runs.needs ->> five.id as id) as six
  cross join lateral (select runs.needs ->> six.id as id) as seven
  cross join lateral unnest(
    runs.job_ids, runs.jobs, runs.queued, runs.ended, runs.seconds
  ) as member (job_id, job, queued, ended, seconds)
),
-- A job beside the path can end later by its slack, until the next job of the path has ended too.
slacks as (
  select
    github_run_id,
    repository_id,
    workflow_id,
    job,
    queued,
    ended,
    seconds,
    is_on_path,
    min(ended) filter (where is_on_path) over (
      partition by github_run_id
      order by ended desc
      rows between unbounded preceding and current row
    ) - ended as slack
  from members
),
besides as (
  select
    github_run_id,
    repository_id,
    workflow_id,
    array_agg(job) as jobs,
    max(ended) - min(queued) as run_seconds,
    array_agg(queued) as queued,
    array_agg(ended) as ended,
    array_agg(seconds) as seconds,
    array_agg(slack) as slacks,
    array_agg(is_on_path) as is_on_path
  from slacks
  group by
    github_run_id,
    repository_id,
    workflow_id
),
-- What does not wait for a job, and ends before what does, limits what it gains by being faster.
parts as materialized (
  select
    besides.github_run_id,
    besides.repository_id,
    besides.workflow_id,
    part.job,
    part.seconds,
    besides.run_seconds,
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
          besides.jobs, besides.queued, besides.ended, besides.seconds, besides.slacks,
          besides.is_on_path
        ) as other (job, queued, ended, seconds, slack, is_on_path)
        where not other.is_on_path
          and other.queued < part.path_ended - 2
      )
    end as most_seconds
  from besides
  cross join change
  cross join lateral (
    select
      member.job,
      sum(member.seconds) as seconds,
      case
        when change.speed < 1 then max(
          member.seconds * (1 / change.speed - 1)
          - least(
            member.slack,
            (
              -- What was queued after a job beside the path may wait for it.
              select min(waiting.slack)
              from unnest(besides.queued, besides.slacks, besides.is_on_path)
                as waiting (queued, slack, is_on_path)
              where not waiting.is_on_path
                and waiting.queued >= member.ended - 2
            )
          )
        ) filter (where not member.is_on_path)
      end as late_by,
      sum(member.seconds) filter (where member.is_on_path) as path_seconds,
      min(member.ended) filter (where member.is_on_path) as path_ended
    from unnest(
      besides.jobs, besides.slacks, besides.seconds, besides.ended, besides.is_on_path
    ) as member (job, slack, seconds, ended, is_on_path)
    group by change.speed, member.job
  ) as part
),
changes as (
  select
    parts.repository_id,
    parts.workflow_id,
    parts.job,
    parts.is_on_path,
    parts.run_seconds,
    case
      when change.speed >= 1 then greatest(
        least(parts.path_seconds * (1 - 1 / change.speed), parts.most_seconds),
        0
      )
      else -greatest(parts.path_seconds * (1 / change.speed - 1), parts.late_by, 0)
    end as gain
  from parts
  cross join change
  where change.job is null
    or parts.job = change.job
),
sums as (
  select
    repository_id,
    workflow_id,
    job,
    count(*) as runs,
    count(*) filter (where is_on_path) as runs_on_path,
    percentile_cont(0.5) within group (order by run_seconds) as run_p50_seconds,
    percentile_cont(0.5) within group (order by run_seconds - coalesce(gain, 0))
      as run_p50_after_seconds,
    sum(coalesce(gain, 0)) as gain
  from changes
  group by
    repository_id,
    workflow_id,
    job
),
prices as (
  select
    runner_prices.effective_from,
    lead(runner_prices.effective_from) over (order by runner_prices.effective_from)
      as effective_until,
    runner_prices.usd_per_minute
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
      * prices.usd_per_minute
    ) as list_cost_usd_after,
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
  names.repository,
  names.workflow,
  sums.job,
  change.runner,
  change.speed,
  sums.runs,
  round(100.0 * sums.runs_on_path / sums.runs, 1) as on_path_percent,
  round(sums.run_p50_seconds)::bigint as run_p50_seconds,
  round(sums.run_p50_after_seconds)::bigint as run_p50_after_seconds,
  round((sums.gain / 3600)::numeric, 1) as saved_hours,
  bills.list_cost_usd,
  case when bills.is_priced_after then bills.list_cost_usd_after end as list_cost_usd_after,
  case
    when bills.is_priced_after and bills.unpriced_jobs = 0 and sums.gain > 0 then round(
      (bills.list_cost_usd_after - bills.list_cost_usd) / (sums.gain / 3600)::numeric,
      2
    )
  end as usd_per_saved_hour,
  bills.free_jobs,
  bills.unpriced_jobs,
  sums.workflow_id,
  sums.repository_id
from sums
cross join change
left join names
  on names.repository_id is not distinct from sums.repository_id
  and names.workflow_id is not distinct from sums.workflow_id
left join bills
  on bills.repository_id is not distinct from sums.repository_id
  and bills.workflow_id is not distinct from sums.workflow_id
  and bills.job = sums.job
order by
  saved_hours desc,
  on_path_percent desc,
  names.repository,
  names.workflow,
  sums.job
limit (select period.top from period);
