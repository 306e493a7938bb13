-- Takes all stored steps with it.
drop table if exists workflow_steps;
