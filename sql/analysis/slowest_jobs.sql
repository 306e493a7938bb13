-- Which jobs take the most time in all?
-- Over successful jobs of the last 30 days, because failures end early, first by the median times
-- how often they ran: a job of six minutes that runs all day matters more than a nightly of forty.
-- The jobs of a matrix are one. p95_minutes wants 20 of them; share_percent is of all rows.
--   psql "$DATABASE_URL" -f sql/analysis/slowest_jobs.sql
select
  repository,
  workflow,
  job_base as job,
  count(*) as jobs,
  round((percentile_cont(0.5) within group (order by duration_seconds) / 60)::numeric, 1)
    as p50_minutes,
  case
    when count(*) >= 20 then round(
      (percentile_cont(0.95) within group (order by duration_seconds) / 60)::numeric, 1
    )
  end as p95_minutes,
  round(
    (percentile_cont(0.5) within group (order by duration_seconds) * count(*) / 3600)::numeric, 1
  ) as p50_times_jobs_hours,
  round(100.0 * sum(duration_seconds) / nullif(sum(sum(duration_seconds)) over (), 0), 1)
    as share_percent
from executed_jobs
where created_at >= now() - interval '30 days'
  and is_success
  and duration_seconds is not null
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  job_base
order by
  p50_times_jobs_hours desc,
  jobs desc,
  repository,
  workflow,
  job
limit 30;
