-- How many runs of a repository still lack their jobs, and how many windows cannot be complete.
--   psql "$DATABASE_URL" -f sql/runs/work_left.sql -v repository_id=7
select
  (
    select count(distinct github_run_id)
    from workflow_runs
    where repository_id = :'repository_id'::bigint
      and jobs_listed_at is null
      and missing_upstream_at is null
  ) as runs_without_jobs,
  (
    select count(*)
    from windows
    where repository_id = :'repository_id'::bigint
      and not is_complete
  ) as incomplete_windows;
