-- Only a shortcut: the views read the runs instead.
drop index if exists idx_workflow_runs_scheduled;
