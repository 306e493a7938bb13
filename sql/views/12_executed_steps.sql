-- Steps that really ran, in jobs that really ran, with exact times.
create view executed_steps as
select
  executed_jobs.github_run_id,
  executed_jobs.run_attempt,
  executed_jobs.job_id,
  workflow_steps.number,
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
  executed_jobs.is_first_attempt,
  executed_jobs.job,
  executed_jobs.job_base,
  executed_jobs.runner_label,
  executed_jobs.is_success as job_is_success,
  executed_jobs.is_red as job_is_red,
  executed_jobs.duration_seconds as job_duration_seconds,
  coalesce(nullif(workflow_steps.name, ''), 'unnamed') as step,
  workflow_steps.conclusion,
  coalesce(workflow_steps.conclusion = 'success', false) as is_success,
  coalesce(workflow_steps.conclusion in ('failure', 'timed_out'), false) as is_red,
  workflow_steps.started_at,
  workflow_steps.completed_at,
  case
    when executed_jobs.duration_seconds is null then null
    when workflow_steps.completed_at < workflow_steps.started_at then 0
    else trunc(
      date_part('epoch', workflow_steps.completed_at - workflow_steps.started_at)
    )::bigint
  end as duration_seconds,
  executed_jobs.html_url
from executed_jobs
inner join workflow_steps using (github_run_id, run_attempt, job_id)
where workflow_steps.started_at is not null
  and workflow_steps.conclusion is distinct from 'skipped';

comment on view executed_steps is
  'One row per step that ran, of the jobs in executed_jobs. Skipped steps and steps that never started are left out.';
comment on column executed_steps.number is
  'Its place among the steps of the job: an order, with gaps.';
comment on column executed_steps.job_is_success is
  'Whether the job of the step succeeded.';
comment on column executed_steps.job_is_red is
  'Whether the job of the step failed.';
comment on column executed_steps.step is
  'The name of the step as GitHub shows it; unnamed if it gave none.';
comment on column executed_steps.conclusion is
  'success, failure, timed_out or cancelled; text, because GitHub adds values. NULL if GitHub gives none.';
comment on column executed_steps.is_red is
  'Whether it failed (failure, timed_out). A step that was allowed to fail counts as a success, as GitHub reports it.';
comment on column executed_steps.started_at is
  'When the step started, by the runner''s clock.';
comment on column executed_steps.completed_at is
  'When the step ended, by the runner''s clock. NULL if GitHub does not say.';
comment on column executed_steps.duration_seconds is
  'Seconds from started_at to completed_at, 0 if clocks disagree. NULL if one is unknown, or in a job that was stuck.';
comment on column executed_steps.job_duration_seconds is
  'Seconds that the job of the step ran. NULL if unknown.';
