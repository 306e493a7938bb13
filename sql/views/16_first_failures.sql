-- The step at which each failed job failed; what comes after it is skipped or cleans up.
create view first_failures as
select distinct on (
  executed_jobs.created_at,
  executed_jobs.repository_id,
  executed_jobs.github_run_id,
  executed_jobs.run_attempt,
  executed_jobs.job_id
)
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
  workflow_steps.number,
  case
    when workflow_steps.number is not null then coalesce(nullif(workflow_steps.name, ''), 'unnamed')
  end as step,
  executed_jobs.html_url
from executed_jobs
left join workflow_steps
  on workflow_steps.github_run_id = executed_jobs.github_run_id
  and workflow_steps.run_attempt = executed_jobs.run_attempt
  and workflow_steps.job_id = executed_jobs.job_id
  and workflow_steps.conclusion in ('failure', 'timed_out', 'cancelled')
where executed_jobs.is_red
order by
  executed_jobs.created_at,
  executed_jobs.repository_id,
  executed_jobs.github_run_id,
  executed_jobs.run_attempt,
  executed_jobs.job_id,
  workflow_steps.conclusion = 'cancelled',
  workflow_steps.number;

comment on view first_failures is
  'One row per failed job of executed_jobs, with the first of its steps that failed, else the first that was cancelled.';
comment on column first_failures.github_run_id is
  'GitHub''s id of the run, the same on all its attempts.';
comment on column first_failures.run_attempt is
  'The number of the attempt: 1 for the first, one more for each re-run or approval.';
comment on column first_failures.job_id is
  'GitHub''s id of the job. Names repeat within an attempt; ids do not.';
comment on column first_failures.repository_id is
  'GitHub''s id of the repository; it stays when the repository is renamed.';
comment on column first_failures.repository is
  'owner/name as GitHub gave it last; unnamed if it gave none.';
comment on column first_failures.workflow_id is
  'GitHub''s id of the workflow; it stays when the file is renamed.';
comment on column first_failures.workflow is
  'The name of the workflow to show, as in attempts.';
comment on column first_failures.branch is
  'Head branch of the run. NULL if GitHub gives none.';
comment on column first_failures.branch_class is
  'pull_request, merge_queue, deployment, default or other, as in attempts.';
comment on column first_failures.commit_sha is
  'SHA of the head commit. NULL if GitHub gives none.';
comment on column first_failures.event_type is
  'The event that started the run: push, pull_request, schedule and so on.';
comment on column first_failures.created_at is
  'When GitHub created the run, the same on all its attempts.';
comment on column first_failures.day is
  'The day of created_at in UTC.';
comment on column first_failures.attempt_is_red is
  'Whether the attempt failed; false for a failed job that was allowed to fail.';
comment on column first_failures.is_first_attempt is
  'Whether the attempt is the first that was allowed to run, as in attempts.';
comment on column first_failures.is_green_later is
  'Whether a later attempt of the run succeeded.';
comment on column first_failures.job is
  'The name of the job as GitHub shows it, with the values of its matrix; unnamed if it gave none.';
comment on column first_failures.job_base is
  'The name of the job without the values of its matrix, as in executed_jobs.';
comment on column first_failures.runner_label is
  'What the job asks of a runner, as in executed_jobs. NULL if it names no label.';
comment on column first_failures.conclusion is
  'failure or timed_out.';
comment on column first_failures.completed_at is
  'When the job ended. NULL if GitHub does not say.';
comment on column first_failures.duration_seconds is
  'Seconds that the job ran, as in executed_jobs. NULL if unknown.';
comment on column first_failures.number is
  'The failed step''s place among the steps of its job. NULL as step.';
comment on column first_failures.step is
  'The step at which the job failed. NULL if no step failed or was cancelled: the runner was lost, or the steps are not stored.';
comment on column first_failures.html_url is
  'The page of the job on GitHub.';
