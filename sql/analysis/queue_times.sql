-- How long do jobs wait for a runner, by the labels they ask for?
-- Over the jobs of the last 30 days that a runner took: from the moment a job was ready, the jobs
-- it needs being done, to its start. The label with the most jobs that waited for over a minute
-- comes first: more runners help there. p95 is empty under 20 jobs. There are no sums and longest
-- waits here, because a wait of up to 24 hours for the approval of an environment is told by GitHub
-- like a queue, and a few of these would stand for all.
--   psql "$DATABASE_URL" -f sql/analysis/queue_times.sql
select
  repository,
  coalesce(runner_label, '(none)') as runner_label,
  count(queue_seconds) as jobs,
  round(percentile_cont(0.5) within group (order by queue_seconds)::numeric)::bigint
    as p50_seconds,
  case
    when count(queue_seconds) >= 20
      then round(percentile_cont(0.95) within group (order by queue_seconds)::numeric)::bigint
  end as p95_seconds,
  count(*) filter (where queue_seconds > 60) as over_a_minute,
  round(
    100.0 * count(*) filter (where queue_seconds > 60) / nullif(count(queue_seconds), 0),
    1
  ) as over_a_minute_percent
from executed_jobs
where created_at >= now() - interval '30 days'
group by
  repository_id,
  repository,
  runner_label
having count(queue_seconds) > 0
order by
  over_a_minute desc,
  p50_seconds desc,
  repository,
  runner_label;
