-- A run if a repository has it stored, whether it has ended or not.
--   psql "$DATABASE_URL" -f sql/runs/stored_runs.sql -v repository_id=7 -v github_run_id=1
select github_run_id
from workflow_runs
where repository_id = :'repository_id'::bigint
  and github_run_id = :'github_run_id'::bigint
union
select github_run_id
from open_runs
where repository_id = :'repository_id'::bigint
  and github_run_id = :'github_run_id'::bigint;
