-- The headline figures of a period, with what tells a change from chance.
-- low and high are what the true median lies between in 95 of 100 samples: the values whose ranks
-- are l = (n - 1.96 √n) / 2 and n + 1 - l. NULL with fewer than 8.
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/totals.sql
with runs as (
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
  where repository_id = :'repository_id'::bigint
    and created_at >= :'since'::timestamptz
    and created_at < :'until'::timestamptz
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
  where repository_id = :'repository_id'::bigint
    and created_at >= :'since'::timestamptz
    and created_at < :'until'::timestamptz
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
