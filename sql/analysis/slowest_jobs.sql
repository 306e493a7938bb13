-- Which jobs take the most time in total?
-- By the total time of all executions, including failed ones: a job of six minutes that runs all
-- day matters more than a nightly one of forty. The jobs of a matrix are combined. Percentiles are
-- of successful executions, because failures end early; p95_seconds needs 20 of them. share_percent
-- is the share of the time of all jobs of the repository.
--   psql "$DATABASE_URL" -f sql/analysis/slowest_jobs.sql
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
  round(sum(duration_seconds) / 60.0, 2) as total_minutes,
  round(
    100.0 * sum(duration_seconds)
    / nullif(sum(sum(duration_seconds)) over (partition by repository_id), 0),
    4
  ) as share_percent,
  round(
    (
      percentile_cont(0.5) within group (order by duration_seconds) filter (where is_success)
    )::numeric
  )::bigint as p50_seconds,
  case
    when count(*) filter (where is_success) >= 20 then round(
      (
        percentile_cont(0.95) within group (order by duration_seconds) filter (where is_success)
      )::numeric
    )::bigint
  end as p95_seconds,
  count(*) as jobs,
  workflow_id,
  repository_id
from executed_jobs
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
  job_base
order by
  sum(duration_seconds) desc,
  jobs desc,
  repository,
  workflow,
  job
limit (select period.top from period);
