-- Delete open runs whose open attempt, or a later one, has ended.
--   psql "$DATABASE_URL" -f sql/runs/close_open_runs.sql -v github_run_ids='{1,2}'
delete from open_runs
where github_run_id = any(:'github_run_ids'::bigint[])
  and exists (
    select 1
    from workflow_runs
    where workflow_runs.github_run_id = open_runs.github_run_id
      and workflow_runs.run_attempt >= open_runs.run_attempt
  );
