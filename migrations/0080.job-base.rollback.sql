-- The views work the name out again, once those of before are made.
alter table workflow_jobs
  drop column if exists job_base;
