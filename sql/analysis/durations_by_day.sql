-- How has the time that each workflow takes moved, day by day?
-- First attempts of the last 30 days that succeeded, by the day in UTC on which the run was
-- created. Today is not over: its line still changes. p95_minutes is empty on days of fewer than
-- 20 runs.
--   psql "$DATABASE_URL" -f sql/analysis/durations_by_day.sql
select
  repository,
  workflow,
  day,
  count(duration_seconds) as runs,
  round(
    (percentile_cont(0.5) within group (order by duration_seconds) / 60)::numeric,
    1
  ) as p50_minutes,
  case
    when count(duration_seconds) >= 20 then round(
      (percentile_cont(0.95) within group (order by duration_seconds) / 60)::numeric,
      1
    )
  end as p95_minutes
from attempts
where created_at >= now() - interval '30 days'
  and is_first_attempt
  and is_success
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  day
order by
  repository,
  workflow,
  workflow_id,
  day;
