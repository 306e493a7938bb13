-- Fetch again the jobs of all attempts of a run; their stored rows stay.
--   psql "$DATABASE_URL" -f sql/runs/restart_jobs.sql -v github_run_id=1
update workflow_runs
set jobs_listed_at = null
where github_run_id = :'github_run_id'::bigint
  and jobs_listed_at is not null;
