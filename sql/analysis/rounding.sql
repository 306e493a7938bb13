-- What does it cost that each job is billed in whole minutes?
-- Jobs with a price. Free jobs are left out, and so are your own runners. Many short jobs cost most
-- in this way; combining them, or making them steps of one job, saves this cost. billed_minutes is
-- the sum of their times, each rounded up; rounding_usd is the list price of the difference.
-- rounding_percent is its share of their cost. p50_seconds is the length of the median execution.
--   psql "$DATABASE_URL" -f sql/analysis/rounding.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
)
select
  repository,
  workflow,
  job_base as job,
  label,
  round(sum(list_cost_usd * (1 - duration_seconds / (60.0 * minutes))), 4) as rounding_usd,
  round(
    100 * sum(list_cost_usd * (1 - duration_seconds / (60.0 * minutes)))
    / nullif(sum(list_cost_usd), 0),
    4
  ) as rounding_percent,
  round(sum(list_cost_usd), 4) as list_cost_usd,
  count(*) as jobs,
  round(
    percentile_cont(0.5) within group (order by duration_seconds)::numeric
  )::bigint as p50_seconds,
  round(sum(duration_seconds) / 60.0, 2) as used_minutes,
  sum(minutes)::bigint as billed_minutes,
  workflow_id,
  repository_id
from job_costs
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
  and list_cost_usd > 0
  and billable_minutes > 0
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  job_base,
  label
order by
  rounding_usd desc,
  repository,
  workflow,
  job,
  label
limit (select period.top from period);
