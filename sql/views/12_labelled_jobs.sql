-- The jobs of executed_jobs, by what they ask of a runner: a group, where they name no label; and
-- the labels that were made for one run folded into one.
create view labelled_jobs as
select
  executed_jobs.github_run_id,
  executed_jobs.run_attempt,
  executed_jobs.job_id,
  executed_jobs.repository_id,
  executed_jobs.repository,
  executed_jobs.workflow_id,
  executed_jobs.workflow,
  executed_jobs.branch_class,
  executed_jobs.created_at,
  executed_jobs.job_base,
  coalesce(
    labels_of_one_run.runner_label,
    nullif(executed_jobs.runner_label, ''),
    'group: ' || lower(executed_jobs.runner_group_name)
  ) as runner_label,
  executed_jobs.is_hosted,
  executed_jobs.queued_at,
  executed_jobs.started_at,
  executed_jobs.completed_at,
  executed_jobs.queue_seconds,
  executed_jobs.duration_seconds
from executed_jobs
left join labels_of_one_run using (labels);

comment on view labelled_jobs is
  'One row per job of executed_jobs, to be grouped by what the jobs ask of a runner.';
comment on column labelled_jobs.runner_label is
  'What the job asks of a runner: its runner_label in executed_jobs, or that of labels_of_one_run, with * for an end that was made for the run. If it names no label, group: and the group''s name in lower case. NULL if GitHub gives neither.';
