-- Which steps take the most time in all?
-- Over successful steps of the last 30 days, first by the median times how often they ran. The
-- jobs of a matrix are one; p95_seconds wants 20 steps; share_percent is of all steps.
--   psql "$DATABASE_URL" -f sql/analysis/slowest_steps.sql
select
  repository,
  workflow,
  job_base as job,
  step,
  count(*) as steps,
  round(percentile_cont(0.5) within group (order by duration_seconds))::bigint as p50_seconds,
  case
    when count(*) >= 20
      then round(percentile_cont(0.95) within group (order by duration_seconds))::bigint
  end as p95_seconds,
  round(
    (percentile_cont(0.5) within group (order by duration_seconds) * count(*) / 3600)::numeric, 1
  ) as p50_times_steps_hours,
  round(100.0 * sum(duration_seconds) / nullif(sum(sum(duration_seconds)) over (), 0), 1)
    as share_percent
from executed_steps
where created_at >= now() - interval '30 days'
  and is_success
  and duration_seconds is not null
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  job_base,
  step
order by
  p50_times_steps_hours desc,
  steps desc,
  repository,
  workflow,
  job,
  step
limit 30;
