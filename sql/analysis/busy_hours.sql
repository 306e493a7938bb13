-- In which hours of the week do people and schedules start runs?
-- Runs of the last 30 days by weekday (1 is Monday) and hour, in UTC, with the minutes that their
-- jobs kept runners busy and how long these jobs waited for one.
--   psql "$DATABASE_URL" -f sql/analysis/busy_hours.sql
with starts as (
  select
    extract(isodow from created_at at time zone 'UTC')::integer as weekday,
    extract(hour from created_at at time zone 'UTC')::integer as hour,
    count(*) as runs
  from attempts
  where created_at >= now() - interval '30 days'
    and is_first_attempt
  group by
    extract(isodow from created_at at time zone 'UTC')::integer,
    extract(hour from created_at at time zone 'UTC')::integer
),
work as (
  select
    extract(isodow from created_at at time zone 'UTC')::integer as weekday,
    extract(hour from created_at at time zone 'UTC')::integer as hour,
    sum(duration_seconds) as duration_seconds,
    percentile_cont(0.5) within group (order by queue_seconds) as queue_p50_seconds
  from executed_jobs
  where created_at >= now() - interval '30 days'
    and is_first_attempt
  group by
    extract(isodow from created_at at time zone 'UTC')::integer,
    extract(hour from created_at at time zone 'UTC')::integer
)
select
  starts.weekday,
  starts.hour,
  starts.runs,
  round(work.duration_seconds / 60.0)::bigint as job_minutes,
  round(work.queue_p50_seconds)::bigint as queue_p50_seconds
from starts
left join work using (weekday, hour)
order by
  weekday,
  hour;
