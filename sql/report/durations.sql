-- How long did each workflow's successful first attempts take, by day and kind of branch?
-- The 95th percentile of a day wants 3 of them.
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/durations.sql
select
  workflow_id,
  workflow,
  branch_class,
  day,
  count(*) as runs,
  round(
    percentile_cont(0.5) within group (order by duration_seconds)::numeric
  )::bigint as p50_seconds,
  case
    when count(*) >= 3 then round(
      percentile_cont(0.95) within group (order by duration_seconds)::numeric
    )::bigint
  end as p95_seconds
from attempts
where repository_id = :'repository_id'::bigint
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and is_first_attempt
  and is_success
  and duration_seconds is not null
group by
  workflow_id,
  workflow,
  branch_class,
  day
order by
  workflow,
  workflow_id,
  branch_class,
  day;
