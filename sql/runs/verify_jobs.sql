-- The stored jobs of some runs, as GitHub lists them.
--   psql "$DATABASE_URL" -f sql/runs/verify_jobs.sql -v github_run_ids='{1,2}'
select
  github_run_id,
  run_attempt,
  job_id,
  name,
  status,
  conclusion,
  created_at,
  started_at,
  completed_at,
  labels,
  runner_id,
  runner_name,
  runner_group_id,
  runner_group_name,
  is_inherited,
  is_pseudo
from workflow_jobs
where github_run_id = any(:'github_run_ids'::bigint[])
order by
  github_run_id,
  run_attempt,
  job_id;
