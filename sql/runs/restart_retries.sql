-- Forget the failed tries for a run, so that items that were given up are tried again.
--   psql "$DATABASE_URL" -f sql/runs/restart_retries.sql -v github_run_id=1
delete from retries
where github_run_id = :'github_run_id'::bigint;
