-- Which jobs failed, were run again on the same commit and then succeeded?
-- Named from the second commit on: one may have been an accident of the network.
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/flaky_jobs.sql
select
  workflow_id,
  workflow,
  job,
  count(distinct commit_sha) as commits,
  count(*) as runs,
  sum(red_attempts)::bigint as red_attempts,
  round(sum(red_seconds) / 60.0, 1) as red_minutes,
  (array_agg(html_url order by created_at desc))[1] as html_url,
  max(created_at) as last_seen_at
from flaky_job_runs
where repository_id = :'repository_id'::bigint
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
group by
  workflow_id,
  workflow,
  job
having count(distinct commit_sha) >= 2
order by
  commits desc,
  red_attempts desc,
  workflow,
  job;
