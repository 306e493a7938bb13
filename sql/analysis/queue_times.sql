-- How long do jobs wait for a runner, by the labels they ask for?
-- Jobs that a runner took: from the moment a job was ready, the jobs it needs being done, to its
-- start. The label with the most jobs that waited for over a minute comes first: more runners help
-- there. p95_seconds needs 20 jobs. There are no sums and longest waits here: GitHub reports a wait
-- of up to 24 hours for the approval of an environment like a queue, and a few of these would
-- dominate any sum.
--   psql "$DATABASE_URL" -f sql/analysis/queue_times.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
)
select
  repository,
  runner_label,
  count(*) as jobs,
  round(percentile_cont(0.5) within group (order by queue_seconds)::numeric)::bigint
    as p50_seconds,
  case
    when count(*) >= 20
      then round(percentile_cont(0.95) within group (order by queue_seconds)::numeric)::bigint
  end as p95_seconds,
  count(*) filter (where queue_seconds > 60) as over_a_minute,
  round(
    100.0 * count(*) filter (where queue_seconds > 60) / nullif(count(*), 0),
    1
  ) as over_a_minute_percent
from executed_jobs
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
  and queue_seconds is not null
group by
  repository_id,
  repository,
  runner_label
order by
  over_a_minute desc,
  p50_seconds desc,
  repository,
  runner_label
limit (select period.top from period);
