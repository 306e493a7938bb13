-- Where do runs that fail, fail first?
-- Failed jobs by the first of their steps that failed; the runs of those in green_later became
-- green when they were run again.
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/failing_steps.sql
select
  workflow_id,
  workflow,
  job_base as job,
  step,
  count(*) as failures,
  count(distinct commit_sha) as commits,
  count(*) filter (where is_green_later) as green_later,
  round(sum(duration_seconds) / 60.0, 1) as red_minutes,
  (array_agg(html_url order by completed_at desc nulls last))[1] as html_url
from first_failures
where repository_id = :'repository_id'::bigint
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
group by
  workflow_id,
  workflow,
  job_base,
  step
order by
  failures desc,
  workflow,
  job,
  step;
