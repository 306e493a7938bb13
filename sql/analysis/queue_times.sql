-- How long do jobs wait for a runner, by the labels they request?
-- Jobs that ran on a runner, from when they were ready (the jobs they need were done) to their
-- start. The label with the most waits of over a minute comes first; more runners help there.
-- Labels whose ending is made for each run count as one, with * for the ending; a job without a
-- label counts for its group. p95_seconds needs 20 jobs. held jobs are left out: while they waited,
-- jobs of the same label that were ready later got a runner. So they waited for an approval or for
-- a run of their concurrency group (see approvals.sql). So did jobs that waited for over a day,
-- which are in no column here. If nothing else ran meanwhile, an approval cannot be distinguished
-- from a queue: idle counts the waits of over a minute while no job of the label ran in the
-- repository. days counts the days with jobs, days_over_a_minute those with a wait of over a
-- minute: if these are few, runners were missing, or far more jobs came than usual. hosted counts
-- the jobs on GitHub's standard runners, which start within seconds unless the plan allows no more
-- at once: longer waits there are often for an approval.
--   psql "$DATABASE_URL" -f sql/analysis/queue_times.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
waits as (
  select
    repository_id,
    repository,
    runner_label,
    is_hosted,
    queued_at,
    (queued_at at time zone period.time_zone)::date as day,
    queue_seconds,
    coalesce(
      max(started_at + duration_seconds * interval '1 second') over (
        partition by repository_id, runner_label
        order by started_at
        range between unbounded preceding and interval '1 second' preceding
      ) > queued_at,
      false
    ) as is_busy,
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
)
select
  repository,
  runner_label,
  count(*) filter (where not is_held) as jobs,
  round(
    (
      percentile_cont(0.5) within group (order by queue_seconds) filter (where not is_held)
    )::numeric
  )::bigint as p50_seconds,
  case
    when count(*) filter (where not is_held) >= 20 then round(
      (
        percentile_cont(0.95) within group (order by queue_seconds) filter (where not is_held)
      )::numeric
    )::bigint
  end as p95_seconds,
  count(*) filter (where queue_seconds > 60 and not is_held) as over_a_minute,
  round(
    100.0 * count(*) filter (where queue_seconds > 60 and not is_held)
    / nullif(count(*) filter (where not is_held), 0),
    4
  ) as over_a_minute_percent,
  count(*) filter (where is_held) as held,
  count(*) filter (where queue_seconds > 60 and not is_held and not is_busy) as idle,
  count(*) filter (where is_hosted and not is_held) as hosted,
  max(queued_at) filter (where queue_seconds > 60 and not is_held) as last_over_a_minute_at,
  count(distinct day) filter (where not is_held) as days,
  count(distinct day) filter (where queue_seconds > 60 and not is_held) as days_over_a_minute,
  repository_id
from waits
group by
  repository_id,
  repository,
  runner_label
order by
  over_a_minute desc,
  p50_seconds desc nulls last,
  repository,
  runner_label
limit (select period.top from period);
