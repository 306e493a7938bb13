-- Takes all stored workflow runs with it.
drop table if exists workflow_runs;
