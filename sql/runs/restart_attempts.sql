-- Request again the earlier attempts of one run that GitHub did not have before.
--   psql "$DATABASE_URL" -f sql/runs/restart_attempts.sql -v github_run_id=1
delete from missing_attempts
where github_run_id = :'github_run_id'::bigint;
