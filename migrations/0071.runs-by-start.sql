-- Which runs started in one hour: what tells an outage from a failure of one job.
-- depends: 0070.upstream-retention

create index if not exists idx_workflow_runs_repository_id_started_at
  on workflow_runs (repository_id, started_at);
