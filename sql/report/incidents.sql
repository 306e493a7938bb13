-- When was the default branch red, and for how long?
-- Those that ended in the period, and those that are open at its end and had a run in it: what
-- does not run any more is red no more.
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/incidents.sql
select
  workflow_id,
  workflow,
  red_at,
  case when recovered_at < :'until'::timestamptz then recovered_at end as recovered_at,
  extract(
    epoch from least(recovered_at, :'until'::timestamptz) - red_at
  )::bigint as seconds,
  red_runs,
  is_recovered_by_rerun,
  commit_sha,
  html_url
from incidents
where repository_id = :'repository_id'::bigint
  and red_at < :'until'::timestamptz
  and (
    recovered_at between :'since'::timestamptz and :'until'::timestamptz
    or last_red_run_created_at >= :'since'::timestamptz
  )
order by
  coalesce(recovered_at < :'until'::timestamptz, false),
  red_at desc,
  workflow;
