-- The latest stored attempt of each run: what a run has come to so far.
create view latest_attempts as
select
  github_run_id,
  run_attempt,
  repository_id,
  repository,
  workflow_id,
  workflow_name,
  workflow_path,
  run_number,
  display_title,
  branch,
  commit_sha,
  head_repository,
  event_type,
  status,
  conclusion,
  actor,
  triggering_actor,
  created_at,
  started_at,
  updated_at,
  completed_at,
  duration_seconds,
  html_url,
  conclusion in ('success', 'failure', 'timed_out', 'startup_failure') as is_decided
from workflow_runs
where not exists (
  select 1
  from workflow_runs as later
  where later.github_run_id = workflow_runs.github_run_id
    and later.run_attempt > workflow_runs.run_attempt
);

comment on view latest_attempts is
  'One row per run: its latest stored attempt.';
comment on column latest_attempts.is_decided is
  'Whether the attempt succeeded or failed; cancelled, skipped and the like say neither. NULL when it has no conclusion.';
