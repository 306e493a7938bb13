-- The stored attempts of some runs: the columns that GitHub states, and the end from the jobs.
--   psql "$DATABASE_URL" -f sql/runs/verify_attempts.sql -v github_run_ids='{1,2}'
select
  github_run_id,
  run_attempt,
  repository_id,
  workflow_id,
  workflow_name,
  workflow_path,
  run_number,
  display_title,
  branch,
  commit_sha,
  event_type,
  status,
  conclusion,
  actor,
  actor_id,
  triggering_actor,
  triggering_actor_id,
  created_at,
  started_at,
  updated_at,
  completed_at,
  duration_seconds,
  jobs_listed_at,
  missing_upstream_at
from workflow_runs
where github_run_id = any(:'github_run_ids'::bigint[])
order by
  github_run_id,
  run_attempt;
