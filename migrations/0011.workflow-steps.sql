-- The steps of each job, because a slow job is a slow step.
-- depends: 0010.workflow-jobs

create table if not exists workflow_steps (
  github_run_id bigint not null,
  run_attempt integer not null,
  job_id bigint not null,
  number integer not null,
  name text,
  status text,
  conclusion text,
  started_at timestamptz,
  completed_at timestamptz,
  revision integer not null default 1,
  constraint workflow_steps_pkey primary key (github_run_id, run_attempt, job_id, number),
  constraint workflow_steps_job_is_stored foreign key (github_run_id, run_attempt, job_id)
    references workflow_jobs (github_run_id, run_attempt, job_id) on delete cascade
);

comment on table workflow_steps is
  'One row per step of a stored job. It goes when the job is deleted.';
comment on column workflow_steps.github_run_id is
  'GitHub''s id of the run.';
comment on column workflow_steps.run_attempt is
  'The attempt that lists the job.';
comment on column workflow_steps.job_id is
  'GitHub''s id of the job.';
comment on column workflow_steps.number is
  'Its place among the steps of the job. An order and no count: it has gaps before the steps that clean up.';
comment on column workflow_steps.name is
  'The name shown by GitHub.';
comment on column workflow_steps.status is
  'completed; others where the job was ended while the step waited or ran.';
comment on column workflow_steps.conclusion is
  'success, failure, cancelled or skipped; text, because GitHub adds values. NULL when it has none.';
comment on column workflow_steps.started_at is
  'When the step started, by the runner''s clock. NULL when it never did.';
comment on column workflow_steps.completed_at is
  'When the step ended; now and then a second before it started. NULL when it never did.';
comment on column workflow_steps.revision is
  '1 when inserted, one more with every change.';
