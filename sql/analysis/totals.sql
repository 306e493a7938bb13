-- What are the headline figures of the period?
-- Over all that is asked about. runs, decided and succeeded are of first attempts, those in_the_end
-- of the latest; of the runs seen, rerun were run again. low and high enclose the true median in 95
-- of 100 samples: they are the values whose ranks are l = (n - 1.96 √n) / 2 and n + 1 - l. NULL
-- with fewer than 8.
--   psql "$DATABASE_URL" -f sql/analysis/totals.sql
with period as not materialized (
  select
    now() - interval '30 days' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
runs as (
  select
    count(*) filter (where is_first_attempt) as runs,
    count(*) filter (where is_first_attempt and is_decided) as decided,
    count(*) filter (where is_first_attempt and is_success) as succeeded,
    count(*) filter (where is_latest_attempt and is_decided) as decided_in_the_end,
    count(*) filter (where is_latest_attempt and is_success) as succeeded_in_the_end,
    count(*) filter (where is_latest_attempt and is_rerun) as rerun,
    count(*) filter (where is_latest_attempt) as seen,
    count(signal_seconds) as signals,
    floor((count(signal_seconds) - 1.96 * sqrt(count(signal_seconds))) / 2)::integer as low,
    percentile_cont(0.5) within group (order by signal_seconds) as p50,
    array_agg(signal_seconds order by signal_seconds)
      filter (where signal_seconds is not null) as ordered
  from attempts
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
),
jobs as (
  select
    count(*) as jobs,
    sum(duration_seconds) as seconds,
    count(queue_seconds) as queued,
    floor((count(queue_seconds) - 1.96 * sqrt(count(queue_seconds))) / 2)::integer as low,
    percentile_cont(0.5) within group (order by queue_seconds) as p50,
    array_agg(queue_seconds order by queue_seconds)
      filter (where queue_seconds is not null) as ordered
  from executed_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
)
select
  runs.runs,
  runs.decided,
  runs.succeeded,
  runs.decided_in_the_end,
  runs.succeeded_in_the_end,
  runs.rerun,
  runs.seen,
  runs.signals,
  round(runs.p50)::bigint as signal_p50_seconds,
  runs.ordered[runs.low] as signal_low_seconds,
  runs.ordered[runs.signals + 1 - runs.low] as signal_high_seconds,
  jobs.jobs,
  round(jobs.seconds / 60.0, 1) as job_minutes,
  jobs.queued,
  round(jobs.p50)::bigint as queue_p50_seconds,
  jobs.ordered[jobs.low] as queue_low_seconds,
  jobs.ordered[jobs.queued + 1 - jobs.low] as queue_high_seconds
from runs
cross join jobs;
