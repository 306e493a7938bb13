-- Forget all tries of a run, so that those given up are asked for again.
--   psql "$DATABASE_URL" -f sql/runs/restart_retries.sql -v github_run_id=1
delete from retries
where github_run_id = :'github_run_id'::bigint;
