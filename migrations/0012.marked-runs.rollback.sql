-- Each look for a run that a list left out reads the whole table.
drop index if exists idx_workflow_runs_marked;
