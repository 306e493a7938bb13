-- GitHub is asked again.
drop view if exists leaving_runs;
drop view if exists upstream_retention;
alter table repositories drop column if exists upstream_retention_days;
alter table repositories drop column if exists upstream_retention_asked_at;
