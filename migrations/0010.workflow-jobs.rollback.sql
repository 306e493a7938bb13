-- Takes all stored jobs with it, and says so on the runs, so that they are fetched again if need be.
drop table if exists workflow_jobs;
update workflow_runs set jobs_listed_at = null where jobs_listed_at is not null;
