-- Which jobs take the most time in all?
-- By median times how often they ran, so that a short one that runs all day has its place.
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/slowest_jobs.sql
select
  workflow_id,
  workflow,
  job_base as job,
  count(*) as jobs,
  round(
    percentile_cont(0.5) within group (order by duration_seconds)::numeric
  )::bigint as p50_seconds,
  case
    when count(duration_seconds) >= 20 then round(
      percentile_cont(0.95) within group (order by duration_seconds)::numeric
    )::bigint
  end as p95_seconds,
  round(
    percentile_cont(0.5) within group (order by duration_seconds)::numeric * count(*) / 60,
    1
  ) as total_minutes,
  round(100.0 * sum(duration_seconds) / nullif(sum(sum(duration_seconds)) over (), 0), 1)
    as share_percent
from executed_jobs
where repository_id = :'repository_id'::bigint
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and is_success
  and duration_seconds is not null
group by
  workflow_id,
  workflow,
  job_base
order by
  total_minutes desc,
  workflow,
  job;
