-- Views that know the default branch look for the branches of scheduled runs, whatever the period.
-- With the index they need not read every run for it.
-- depends: 0093.codex-sessions
create index if not exists idx_workflow_runs_scheduled
  on workflow_runs (repository_id, branch, created_at)
  where event_type = 'schedule';
