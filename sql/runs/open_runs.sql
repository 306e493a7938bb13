-- The runs of a repository that had not ended when they were last seen, newest first.
-- A run ends 66 days after its creation at the latest: re-run for 30 days, and 35 days to last.
-- What is open for longer will not be seen to end, and is not asked for any more.
--   psql "$DATABASE_URL" -f sql/runs/open_runs.sql -v repository_id=7 -v now=2026-02-01T00:00:00Z
select
  github_run_id,
  run_attempt,
  created_at
from open_runs
where repository_id = :'repository_id'::bigint
  and missing_upstream_at is null
  and created_at >= :'now'::timestamptz - interval '66 days'
order by
  created_at desc,
  github_run_id desc;
