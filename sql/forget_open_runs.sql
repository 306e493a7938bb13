-- Take runs that will not be seen to end off the open ones.
--   psql "$DATABASE_URL" -f sql/forget_open_runs.sql -v github_run_ids='{1,2}'
delete from open_runs
where github_run_id = any(:'github_run_ids'::bigint[]);
