-- Which jobs have not failed for 90 days, and what do they cost?
-- Jobs that ran in the period and have neither failed nor run into their time limit for 90 days; if
-- the period is longer, for the whole period. Such a job may check what nothing breaks, so it could
-- run less often. executions (those that succeeded) and first_seen_at cover all these days; jobs
-- with fewer than 20 executions are left out, because so few say little. minutes and list_cost_usd
-- cover the period only. unpriced_jobs have no known cost.
--   psql "$DATABASE_URL" -f sql/analysis/never_failed.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
executions as materialized (
  select
    repository_id,
    workflow_id,
    job_base,
    count(*) as executions,
    min(created_at) as first_seen_at
  from executed_jobs
  cross join period
  where created_at >= least(period.since, period.until - interval '2160 hours')
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and is_decided
  group by
    repository_id,
    workflow_id,
    job_base
  having not bool_or(is_red)
    and count(*) >= 20
),
-- GitHub reports what ran into its time limit as cancelled.
cut_off as materialized (
  select distinct
    repository_id,
    workflow_id,
    job_base
  from failure_causes
  cross join period
  where created_at >= least(period.since, period.until - interval '2160 hours')
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and conclusion = 'cancelled'
    and job_id is not null
),
costs as materialized (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_base,
    count(*) as jobs,
    sum(duration_seconds) as seconds,
    sum(list_cost_usd) as list_cost_usd,
    count(*) filter (where list_cost_usd is null) as unpriced_jobs
  from job_costs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_base
)
select
  costs.repository,
  costs.workflow,
  costs.job_base as job,
  round(costs.list_cost_usd, 4) as list_cost_usd,
  round(costs.seconds / 60.0, 2) as minutes,
  executions.executions,
  costs.jobs,
  executions.first_seen_at,
  costs.unpriced_jobs,
  costs.workflow_id,
  costs.repository_id
from costs
inner join executions
  on executions.repository_id is not distinct from costs.repository_id
  and executions.workflow_id is not distinct from costs.workflow_id
  and executions.job_base = costs.job_base
where not exists (
  select 1
  from cut_off
  where cut_off.repository_id = costs.repository_id
    and cut_off.workflow_id is not distinct from costs.workflow_id
    and cut_off.job_base = costs.job_base
)
order by
  list_cost_usd desc nulls last,
  minutes desc nulls last,
  costs.repository,
  costs.workflow,
  job
limit (select period.top from period);
