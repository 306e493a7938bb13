-- Delete these workflow runs: all attempts of them, with their jobs and steps.
-- The created_at condition keeps a run that changed between choosing and deleting.
--   psql "$DATABASE_URL" -f sql/prune/prune_workflow_runs.sql \
--     -v github_run_ids='{1,2}' -v before=2026-01-01T00:00:00Z
delete from workflow_runs
where github_run_id = any(:'github_run_ids'::bigint[])
  and created_at < :'before'::timestamptz;
