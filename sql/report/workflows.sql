-- How often does each workflow run, succeed and get re-run, and how long does it take, by branch?
-- The time is that of successful first attempts; its 95th percentile wants 20 of them.
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/workflows.sql
select
  workflow_id,
  workflow,
  branch_class,
  (array_agg(workflow_path order by created_at desc))[1] as workflow_path,
  count(*) filter (where is_first_attempt) as runs,
  count(*) filter (where is_first_attempt and is_decided) as decided,
  count(*) filter (where is_first_attempt and is_success) as succeeded,
  count(*) filter (where is_latest_attempt and is_decided) as decided_in_the_end,
  count(*) filter (where is_latest_attempt and is_success) as succeeded_in_the_end,
  count(*) filter (where is_latest_attempt and is_rerun) as rerun,
  round(
    (
      percentile_cont(0.5) within group (order by duration_seconds)
      filter (where is_first_attempt and is_success)
    )::numeric
  )::bigint as p50_seconds,
  case
    when count(duration_seconds) filter (where is_first_attempt and is_success) >= 20 then round(
      (
        percentile_cont(0.95) within group (order by duration_seconds)
        filter (where is_first_attempt and is_success)
      )::numeric
    )::bigint
  end as p95_seconds
from attempts
where repository_id = :'repository_id'::bigint
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
group by
  workflow_id,
  workflow,
  branch_class
order by
  runs desc,
  workflow,
  workflow_id,
  branch_class;
