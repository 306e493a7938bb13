-- The jobs of each attempt, because only they say when it ended, what ran where and what it cost.
-- depends: 0009.leases

create table if not exists workflow_jobs (
  github_run_id bigint not null,
  run_attempt integer not null,
  job_id bigint not null,
  name text,
  status text,
  conclusion text,
  created_at timestamptz,
  started_at timestamptz,
  completed_at timestamptz,
  labels text[],
  runner_id bigint,
  runner_name text,
  runner_group_id bigint,
  runner_group_name text,
  html_url text,
  is_inherited boolean not null default false,
  is_pseudo boolean not null default false,
  revision integer not null default 1,
  constraint workflow_jobs_pkey primary key (github_run_id, run_attempt, job_id),
  constraint workflow_jobs_attempt_is_stored foreign key (github_run_id, run_attempt)
    references workflow_runs (github_run_id, run_attempt) on delete cascade
);

comment on table workflow_jobs is
  'One row per job that GitHub lists under a stored attempt. It goes when the attempt is deleted.';
comment on column workflow_jobs.github_run_id is
  'GitHub''s id of the run.';
comment on column workflow_jobs.run_attempt is
  'The attempt that lists the job. Payloads without it belong to first attempts.';
comment on column workflow_jobs.job_id is
  'GitHub''s id of the job, and of its check run. Names are not unique within an attempt; ids are.';
comment on column workflow_jobs.name is
  'The name shown by GitHub, with the values of the matrix and, before a slash, the calling job.';
comment on column workflow_jobs.status is
  'completed, as all jobs of a completed attempt should be; text, because GitHub adds values.';
comment on column workflow_jobs.conclusion is
  'success, failure, cancelled, skipped, timed_out, neutral or action_required; text, because GitHub adds values. NULL when it has none.';
comment on column workflow_jobs.created_at is
  'When the job was ready for a runner: those it needs had ended. A second or so off, so that it may lie after started_at. NULL in payloads of before 2022.';
comment on column workflow_jobs.started_at is
  'When a runner took the job. Without a runner it is no start: GitHub repeats created_at or completed_at.';
comment on column workflow_jobs.completed_at is
  'When the job ended. NULL when GitHub does not say.';
comment on column workflow_jobs.labels is
  'What the job asks of a runner, as the workflow spells it. Empty for skipped jobs and pseudo-jobs.';
comment on column workflow_jobs.runner_id is
  'GitHub''s id of the runner that took the job. NULL: none ever did.';
comment on column workflow_jobs.runner_name is
  'Such as GitHub Actions 12 for a runner that GitHub hosts. NULL: no runner took the job.';
comment on column workflow_jobs.runner_group_id is
  'GitHub''s id of the runner''s group; 0 or 2 for runners that GitHub hosts. NULL: no runner took the job.';
comment on column workflow_jobs.runner_group_name is
  'GitHub Actions for runners that GitHub hosts. NULL: no runner took the job.';
comment on column workflow_jobs.html_url is
  'Its page on GitHub.';
comment on column workflow_jobs.is_inherited is
  'Whether the job was carried over from an earlier attempt: it had ended before this attempt started. It has neither queue time nor cost here.';
comment on column workflow_jobs.is_pseudo is
  'Whether this is a third-party check run that GitHub lists as a job: completed without runner, labels and steps, and either successful or, unless skipped, with a page outside /actions/runs/.';
comment on column workflow_jobs.revision is
  '1 when inserted, one more with every change.';
