-- How long do jobs wait for a runner, by the labels they ask for?
-- No sums and no longest waits: GitHub tells a wait for an approval, of up to 24 hours, like one
-- for a runner.
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/queues.sql
select
  runner_label,
  count(*) as jobs,
  count(*) filter (where queue_seconds > 60) as over_a_minute,
  round(
    percentile_cont(0.5) within group (order by queue_seconds)::numeric
  )::bigint as p50_seconds,
  case
    when count(*) >= 20 then round(
      percentile_cont(0.95) within group (order by queue_seconds)::numeric
    )::bigint
  end as p95_seconds
from executed_jobs
where repository_id = :'repository_id'::bigint
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and queue_seconds is not null
group by runner_label
order by
  over_a_minute desc,
  p50_seconds desc,
  runner_label;
