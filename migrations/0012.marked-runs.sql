-- Runs that a list left out are few and looked for with every page: without this index each look
-- reads the whole table.
-- depends: 0011.workflow-steps

create index if not exists idx_workflow_runs_marked
  on workflow_runs (github_run_id)
  where unlisted_at is not null or missing_upstream_at is not null;
