-- Only a shortcut: the view workflow_names reads the runs instead.
drop index if exists idx_workflow_runs_repository_id_workflow_id;
