-- In which hours of the week do people and schedules start runs?
-- Runs by weekday (1 is Monday) and hour. The minutes and waits are those of the jobs of their
-- first attempts. runs_per_day divides the runs by how often that hour of the weekday occurs in the
-- period, at least once; a part of an hour counts as that part.
--   psql "$DATABASE_URL" -f sql/analysis/busy_hours.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
-- How much of each hour of the week is in the period. When clocks go back, an hour occurs twice.
hours as (
  select
    extract(isodow from moment at time zone period.time_zone)::integer as weekday,
    extract(hour from moment at time zone period.time_zone)::integer as hour,
    sum(
      extract(
        epoch from least(moment + interval '1 hour', period.until)
          - greatest(moment, period.since)
      )
    ) / 3600 as days
  from period
  cross join generate_series(
    date_trunc('hour', period.since, period.time_zone),
    period.until - interval '1 microsecond',
    interval '1 hour'
  ) as moment
  group by
    weekday,
    hour
),
starts as (
  select
    repository_id,
    repository,
    extract(isodow from created_at at time zone period.time_zone)::integer as weekday,
    extract(hour from created_at at time zone period.time_zone)::integer as hour,
    count(*) as runs
  from attempts
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and is_first_attempt
  group by
    repository_id,
    repository,
    weekday,
    hour
),
work as (
  select
    repository_id,
    extract(isodow from created_at at time zone period.time_zone)::integer as weekday,
    extract(hour from created_at at time zone period.time_zone)::integer as hour,
    sum(duration_seconds) as duration_seconds,
    percentile_cont(0.5) within group (order by queue_seconds) as queue_p50_seconds
  from executed_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and is_first_attempt
  group by
    repository_id,
    weekday,
    hour
)
select
  starts.repository,
  starts.weekday,
  starts.hour,
  starts.runs,
  -- A few minutes are too few for an average. Where clocks change by half an hour, the last hour
  -- of the period may begin after it.
  round(starts.runs / greatest(hours.days, 1), 1) as runs_per_day,
  round(work.duration_seconds / 60.0)::bigint as job_minutes,
  round(work.queue_p50_seconds::numeric)::bigint as queue_p50_seconds,
  starts.repository_id
from starts
left join hours using (weekday, hour)
left join work using (repository_id, weekday, hour)
order by
  starts.repository,
  starts.repository_id,
  weekday,
  hour;
