-- GitHub can tell only what its repositories are now.
alter table workflow_runs
  drop column if exists is_private;
