-- The stored steps of the jobs of some runs, as GitHub lists them.
--   psql "$DATABASE_URL" -f sql/runs/verify_steps.sql -v github_run_ids='{1,2}'
select
  github_run_id,
  run_attempt,
  job_id,
  number,
  name,
  status,
  conclusion,
  started_at,
  completed_at
from workflow_steps
where github_run_id = any(:'github_run_ids'::bigint[])
order by
  github_run_id,
  run_attempt,
  job_id,
  number;
