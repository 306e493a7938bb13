-- Causes of failures are then found more slowly.
drop index if exists idx_workflow_runs_repository_id_started_at;
