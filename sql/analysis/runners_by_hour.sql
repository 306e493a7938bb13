-- How busy is each kind of runner, hour by hour?
-- By owner of the repositories, label, and hour of the day in the time zone of the question.
-- average_jobs is how many jobs ran at the same time, on average, in that hour of all days;
-- peak_jobs is how many did at most. waiting_jobs counts the jobs that became ready in that hour;
-- wait_p50_seconds and wait_p90_seconds are how long they waited for a runner, the latter of 20
-- jobs at least.
--   psql "$DATABASE_URL" -f sql/analysis/runners_by_hour.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
jobs as materialized (
  select
    split_part(repository, '/', 1) as owner,
    coalesce(runner_label, 'none') as label,
    queued_at,
    started_at,
    completed_at,
    queue_seconds,
    duration_seconds
  from labelled_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
),
-- How much of each hour of the day is in the period.
days_of_hours as (
  select
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
  group by hour
),
-- The part of each job in each hour that it ran in.
levels as (
  select
    jobs.owner,
    jobs.label,
    hours.hour,
    extract(epoch from parts.ended_at - parts.began_at) * greatest(changes.change, 0) as seconds,
    sum(changes.change) over (
      partition by jobs.owner, jobs.label, hours.hour
      order by
        changes.moment,
        changes.change
      rows unbounded preceding
    ) as jobs_at_once
  from jobs
  cross join period
  cross join lateral generate_series(
    date_trunc('hour', jobs.started_at, period.time_zone),
    jobs.completed_at - interval '1 microsecond',
    interval '1 hour'
  ) as hours (hour)
  cross join lateral (
    select
      greatest(jobs.started_at, hours.hour) as began_at,
      least(jobs.completed_at, hours.hour + interval '1 hour') as ended_at
  ) as parts
  cross join lateral (
    values
      (parts.began_at, 1),
      (parts.ended_at, -1)
  ) as changes (moment, change)
  -- Others have no known length, or ended before they began as clocks disagreed.
  where jobs.duration_seconds > 0
),
hourly as (
  select
    levels.owner,
    levels.label,
    extract(hour from levels.hour at time zone period.time_zone)::integer as hour,
    sum(levels.seconds) / 3600 as average_jobs,
    max(levels.jobs_at_once) as peak_jobs
  from levels
  cross join period
  group by
    levels.owner,
    levels.label,
    extract(hour from levels.hour at time zone period.time_zone)
),
waits as (
  select
    jobs.owner,
    jobs.label,
    extract(hour from jobs.queued_at at time zone period.time_zone)::integer as hour,
    count(*) as waiting_jobs,
    percentile_cont(0.5) within group (order by jobs.queue_seconds) as p50,
    case
      when count(*) >= 20 then percentile_cont(0.9) within group (order by jobs.queue_seconds)
    end as p90
  from jobs
  cross join period
  where jobs.queue_seconds is not null
  group by
    jobs.owner,
    jobs.label,
    extract(hour from jobs.queued_at at time zone period.time_zone)
)
select
  owner,
  label,
  hour,
  round(
    -- A job may run on after the period.
    coalesce(hourly.average_jobs, 0) / greatest(days_of_hours.days, 1),
    2
  ) as average_jobs,
  coalesce(hourly.peak_jobs, 0) as peak_jobs,
  coalesce(waits.waiting_jobs, 0) as waiting_jobs,
  round(waits.p50::numeric)::bigint as wait_p50_seconds,
  round(waits.p90::numeric)::bigint as wait_p90_seconds
from hourly
full join waits using (owner, label, hour)
left join days_of_hours using (hour)
order by
  owner,
  label,
  hour;
