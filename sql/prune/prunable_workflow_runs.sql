-- The oldest workflow runs created before a moment, at most 5,000.
--   psql "$DATABASE_URL" -f sql/prune/prunable_workflow_runs.sql -v before=2026-01-01T00:00:00Z
select github_run_id
from workflow_runs
where created_at < :'before'::timestamptz
order by created_at, github_run_id
limit 5000;
