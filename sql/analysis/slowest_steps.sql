-- Which steps take the most time in total?
-- By the total time of all executions, including failed ones. The steps of a matrix are combined.
-- Percentiles are of successful executions; p95_seconds needs 20 of them. share_percent is the
-- share of the time of all rows.
--   psql "$DATABASE_URL" -f sql/analysis/slowest_steps.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
-- Few durations differ, so equal ones are counted first: sorting them all takes twice as long.
counted as materialized (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_base,
    step,
    is_success,
    duration_seconds,
    count(*) as steps
  from executed_steps
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and duration_seconds is not null
  group by
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_base,
    step,
    is_success,
    duration_seconds
),
ranked as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_base,
    step,
    is_success,
    duration_seconds,
    steps,
    sum(steps) over (of_result order by duration_seconds) as up_to_here,
    0.50 * (sum(steps) over of_result - 1) as p50_place,
    0.95 * (sum(steps) over of_result - 1) as p95_place
  from counted
  window of_result as (
    partition by repository_id, repository, workflow_id, workflow, job_base, step, is_success
  )
),
-- Each percentile lies between the values at the places around it, as percentile_cont has it.
summed as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_base,
    step,
    sum(steps)::bigint as steps,
    sum(steps) filter (where is_success) as successes,
    max(p50_place) filter (where is_success) % 1 as p50_part,
    min(duration_seconds) filter (where is_success and up_to_here > floor(p50_place)) as p50_low,
    min(duration_seconds) filter (where is_success and up_to_here > ceil(p50_place)) as p50_high,
    max(p95_place) filter (where is_success) % 1 as p95_part,
    min(duration_seconds) filter (where is_success and up_to_here > floor(p95_place)) as p95_low,
    min(duration_seconds) filter (where is_success and up_to_here > ceil(p95_place)) as p95_high,
    sum(steps * duration_seconds) as seconds
  from ranked
  group by
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_base,
    step
)
select
  repository,
  workflow,
  job_base as job,
  step,
  round(seconds / 60.0, 2) as total_minutes,
  round(100.0 * seconds / nullif(sum(seconds) over (), 0), 4) as share_percent,
  round(p50_low + p50_part * (p50_high - p50_low))::bigint as p50_seconds,
  case
    when successes >= 20 then round(p95_low + p95_part * (p95_high - p95_low))::bigint
  end as p95_seconds,
  steps,
  workflow_id,
  repository_id
from summed
order by
  seconds desc,
  steps desc,
  repository,
  workflow,
  job,
  step
limit (select period.top from period);
