-- Causes of failures are then found more slowly.
drop index if exists idx_workflow_jobs_runner_id_started_at;
