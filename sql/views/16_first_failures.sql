-- The step at which each failed job failed; what comes after it is skipped or cleans up.
create view first_failures as
select
  executed_jobs.github_run_id,
  executed_jobs.run_attempt,
  executed_jobs.job_id,
  executed_jobs.repository_id,
  executed_jobs.repository,
  executed_jobs.workflow_id,
  executed_jobs.workflow,
  executed_jobs.branch,
  executed_jobs.branch_class,
  executed_jobs.commit_sha,
  executed_jobs.event_type,
  executed_jobs.created_at,
  executed_jobs.day,
  executed_jobs.attempt_is_red,
  executed_jobs.is_first_attempt,
  executed_jobs.is_green_later,
  executed_jobs.job,
  executed_jobs.job_base,
  executed_jobs.runner_label,
  executed_jobs.conclusion,
  executed_jobs.completed_at,
  executed_jobs.duration_seconds,
  failed.number,
  failed.step,
  executed_jobs.html_url
from executed_jobs
left join lateral (
  select
    workflow_steps.number,
    coalesce(nullif(workflow_steps.name, ''), 'unnamed') as step
  from workflow_steps
  where workflow_steps.github_run_id = executed_jobs.github_run_id
    and workflow_steps.run_attempt = executed_jobs.run_attempt
    and workflow_steps.job_id = executed_jobs.job_id
    and workflow_steps.conclusion in ('failure', 'timed_out', 'cancelled')
  order by
    workflow_steps.conclusion = 'cancelled',
    workflow_steps.number
  limit 1
) as failed on true
where executed_jobs.is_red;

comment on view first_failures is
  'One row per failed job of executed_jobs, with the first of its steps that failed, else the first that was cancelled.';
comment on column first_failures.conclusion is
  'failure or timed_out.';
comment on column first_failures.number is
  'The failed step''s place among the steps of its job. NULL as step.';
comment on column first_failures.step is
  'The step at which the job failed. NULL if no step failed or was cancelled: the runner was lost, or the steps are not stored.';
