-- The jobs of executed_jobs, with the labels that were made for one run folded into one.
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
  coalesce(labels_of_one_run.runner_label, executed_jobs.runner_label) as runner_label,
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
comment on column labelled_jobs.github_run_id is
  'GitHub''s id of the run, the same on all its attempts.';
comment on column labelled_jobs.run_attempt is
  'The number of the attempt: 1 for the first, one more for each re-run or approval.';
comment on column labelled_jobs.job_id is
  'GitHub''s id of the job. Names repeat within an attempt; ids do not.';
comment on column labelled_jobs.repository_id is
  'GitHub''s id of the repository; it stays when the repository is renamed.';
comment on column labelled_jobs.repository is
  'owner/name as GitHub gave it last; unnamed if it gave none.';
comment on column labelled_jobs.workflow_id is
  'GitHub''s id of the workflow; it stays when the file is renamed.';
comment on column labelled_jobs.workflow is
  'The name of the workflow to show, as in attempts.';
comment on column labelled_jobs.branch_class is
  'pull_request, merge_queue, deployment, default or other, as in attempts.';
comment on column labelled_jobs.created_at is
  'When GitHub created the run, the same on all its attempts. When the job was ready for a runner is queued_at.';
comment on column labelled_jobs.job_base is
  'The name without the values of the matrix, so that all jobs of a matrix share it. The names of calling jobs stay: a reusable workflow that is called twice is two jobs.';
comment on column labelled_jobs.runner_label is
  'What the job asks of a runner: its runner_label in executed_jobs, or that of labels_of_one_run, with * for an end that was made for the run. NULL if it names none.';
comment on column labelled_jobs.is_hosted is
  'Whether the runner was one of GitHub''s standard runners. Larger runners belong to groups that their owner named, and count as self-hosted.';
comment on column labelled_jobs.queued_at is
  'When the job was ready for a runner. NULL if GitHub does not say.';
comment on column labelled_jobs.started_at is
  'When a runner took the job.';
comment on column labelled_jobs.completed_at is
  'When the job ended. NULL if GitHub does not say.';
comment on column labelled_jobs.queue_seconds is
  'Seconds from queued_at to started_at, 0 if clocks disagree. NULL if one is unknown, and above 24 hours: GitHub drops jobs that queue for longer, so that was a wait for approval.';
comment on column labelled_jobs.duration_seconds is
  'Seconds from started_at to completed_at, 0 if clocks disagree. NULL if one is unknown, and above 24 hours on GitHub''s runners or 5 days on others: no job may run that long, so it was stuck and closed later.';
