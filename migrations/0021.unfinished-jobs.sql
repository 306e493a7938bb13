-- Have jobs read again that were still unfinished when they were taken for final.
-- depends: 0020.retries
update workflow_runs
set jobs_listed_at = null
where jobs_listed_at is not null
  and exists (
    select 1
    from workflow_jobs
    where workflow_jobs.github_run_id = workflow_runs.github_run_id
      and workflow_jobs.run_attempt = workflow_runs.run_attempt
      and workflow_jobs.status is distinct from 'completed'
  );
