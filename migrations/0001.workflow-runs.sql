-- One row per completed attempt, because a re-run replaces the earlier attempt in every list of GitHub's.
-- depends:

create table if not exists workflow_runs (
  github_run_id bigint not null,
  run_attempt integer not null default 1,
  repository_id bigint,
  repository text,
  workflow_id bigint,
  workflow_name text,
  workflow_path text,
  run_number bigint,
  display_title text,
  branch text,
  commit_sha text,
  head_repository text,
  event_type varchar(50),
  status text,
  conclusion text,
  actor text,
  triggering_actor text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  updated_at timestamptz,
  completed_at timestamptz,
  duration_seconds bigint,
  html_url text,
  jobs_listed_at timestamptz,
  unlisted_at timestamptz,
  missing_upstream_at timestamptz,
  revision integer not null default 1,
  constraint workflow_runs_pkey primary key (github_run_id, run_attempt)
);

create index if not exists idx_workflow_runs_created_at
  on workflow_runs (created_at);

create index if not exists idx_workflow_runs_github_run_id
  on workflow_runs (github_run_id);

create index if not exists idx_workflow_runs_repository_id_created_at
  on workflow_runs (repository_id, created_at);

comment on table workflow_runs is
  'One row per completed attempt of a GitHub Actions workflow run. Attempts in progress are not here.';
comment on column workflow_runs.github_run_id is
  'GitHub''s id of the run, the same on all its attempts.';
comment on column workflow_runs.run_attempt is
  '1 for the first attempt, one more for each re-run or approval. Payloads without it are first attempts.';
comment on column workflow_runs.repository_id is
  'GitHub''s id of the repository; it stays when the repository is renamed.';
comment on column workflow_runs.repository is
  'owner/name as GitHub gave it last; a rename changes it on all rows of the repository.';
comment on column workflow_runs.workflow_id is
  'GitHub''s id of the workflow; it stays when the file is renamed.';
comment on column workflow_runs.workflow_name is
  'NULL for workflows that a ruleset requires; the file path where the file cannot be parsed.';
comment on column workflow_runs.workflow_path is
  'Path of the workflow file; begins with dynamic/ for workflows that GitHub runs without a file.';
comment on column workflow_runs.run_number is
  'Counts the runs of one workflow; attempts of one run share it.';
comment on column workflow_runs.branch is
  'Head branch. NULL when GitHub gives none.';
comment on column workflow_runs.head_repository is
  'owner/name the head commit came from. NULL when that fork is deleted.';
comment on column workflow_runs.event_type is
  'The event that started the run: push, pull_request, schedule and so on; cut at 50 characters.';
comment on column workflow_runs.conclusion is
  'success, failure, cancelled, skipped, timed_out, startup_failure, action_required, neutral or stale; text, because GitHub adds values.';
comment on column workflow_runs.actor is
  'Login of the account that caused the first attempt. NULL when that account is gone.';
comment on column workflow_runs.triggering_actor is
  'Login of the account that started this attempt.';
comment on column workflow_runs.created_at is
  'When GitHub created the run, the same on all its attempts: the axis of time series and of pruning. Not when the row was stored.';
comment on column workflow_runs.started_at is
  'When this attempt started. GitHub''s clocks differ by seconds, so it may lie before created_at. NULL in payloads of old GitHub servers.';
comment on column workflow_runs.updated_at is
  'When GitHub last changed this attempt; often later than its end.';
comment on column workflow_runs.completed_at is
  'End of the attempt: of its last job once jobs_listed_at is set; until then updated_at, which may be too late. NULL where that is later than a run can last.';
comment on column workflow_runs.duration_seconds is
  'Seconds from started_at to completed_at, 0 where clocks disagree. NULL when either is NULL.';
comment on column workflow_runs.jobs_listed_at is
  'When the jobs of this attempt were stored, also when it had none. NULL: not yet.';
comment on column workflow_runs.unlisted_at is
  'When a complete list of its time first left the run out. NULL: it was listed, or was asked for and is still there.';
comment on column workflow_runs.missing_upstream_at is
  'When GitHub was first seen to have this run no longer. NULL: it is still there, as far as known.';
comment on column workflow_runs.revision is
  '1 when inserted, one more with every change: tells inserted rows from updated ones.';
