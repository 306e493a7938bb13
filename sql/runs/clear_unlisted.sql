-- Clear the "not listed" mark of runs that have been seen again, and return them.
--   psql "$DATABASE_URL" -f sql/runs/clear_unlisted.sql -v github_run_ids='{1,2}'
update workflow_runs
set
  unlisted_at = null,
  missing_upstream_at = null
where github_run_id = any(:'github_run_ids'::bigint[])
  and (unlisted_at is not null or missing_upstream_at is not null)
returning github_run_id;
