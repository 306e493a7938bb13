-- What are the headline figures of the period?
-- For each repository, without skipped runs. runs, decided and succeeded count first attempts;
-- cancelled and the columns whose names end in in_the_end count latest attempts. rerun counts how
-- many of the runs seen were re-run. Of these, first_missing have no first attempt here, because it
-- is not fetched yet or is gone; most often it failed. runs_before counts runs of the period of
-- equal length before, also those without a first attempt, so compare it with runs and
-- first_missing together. queue_p90_seconds needs 20 jobs; held jobs are left out, as in
-- queue_times.
--   psql "$DATABASE_URL" -f sql/analysis/totals.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
-- Each once, however few repositories the planner expects to join them with.
runs as materialized (
  select
    repository_id,
    count(*) filter (where is_now and is_first_attempt) as runs,
    count(*) filter (where is_now and is_first_attempt and is_decided) as decided,
    count(*) filter (where is_now and is_first_attempt and is_success) as succeeded,
    count(*) filter (where is_now and is_latest_attempt and is_decided) as decided_in_the_end,
    count(*) filter (where is_now and is_latest_attempt and is_success) as succeeded_in_the_end,
    count(*) filter (where is_now and is_latest_attempt and conclusion = 'cancelled') as cancelled,
    count(*) filter (where is_now and is_latest_attempt and is_rerun) as rerun,
    count(*) filter (where is_now and is_latest_attempt and is_first_missing) as first_missing,
    count(*) filter (where is_now and is_latest_attempt) as seen,
    count(*) filter (
      where not is_now and (is_first_attempt or (is_latest_attempt and is_first_missing))
    ) as runs_before
  from attempts
  cross join period
  cross join lateral (select created_at >= period.since as is_now) as kinds
  where created_at >= period.since - (period.until - period.since)
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and conclusion is distinct from 'skipped'
  group by repository_id
),
waits as (
  select
    repository_id,
    queue_seconds,
    coalesce(
      queue_seconds > 120
      and started_at - min(started_at) over (
        partition by repository_id, runner_label
        order by queued_at desc
        range between unbounded preceding and interval '60 seconds' preceding
      ) > interval '60 seconds',
      false
    ) as is_held
  from labelled_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and queue_seconds is not null
),
queue as materialized (
  select
    repository_id,
    percentile_cont(0.5) within group (order by queue_seconds) as p50_seconds,
    case
      when count(*) >= 20 then percentile_cont(0.9) within group (order by queue_seconds)
    end as p90_seconds
  from waits
  where not is_held
  group by repository_id
),
jobs as materialized (
  select
    repository_id,
    count(*) as jobs,
    sum(duration_seconds) as seconds
  from executed_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by repository_id
)
select
  repository_names.repository,
  coalesce(runs.runs, 0) as runs,
  coalesce(runs.decided, 0) as decided,
  coalesce(runs.succeeded, 0) as succeeded,
  coalesce(runs.decided_in_the_end, 0) as decided_in_the_end,
  coalesce(runs.succeeded_in_the_end, 0) as succeeded_in_the_end,
  coalesce(runs.cancelled, 0) as cancelled,
  coalesce(runs.rerun, 0) as rerun,
  coalesce(runs.first_missing, 0) as first_missing,
  coalesce(runs.seen, 0) as seen,
  coalesce(runs.runs_before, 0) as runs_before,
  coalesce(jobs.jobs, 0) as jobs,
  round(jobs.seconds / 60.0, 2) as job_minutes,
  round(queue.p50_seconds::numeric)::bigint as queue_p50_seconds,
  round(queue.p90_seconds::numeric)::bigint as queue_p90_seconds,
  repository_names.repository_id
from repository_names
cross join period
left join runs using (repository_id)
left join queue using (repository_id)
left join jobs using (repository_id)
where period.repository_ids is null
  or repository_names.repository_id = any(period.repository_ids)
order by
  runs desc,
  repository_names.repository,
  repository_names.repository_id
limit (select period.top from period);
