-- The rows stay.
alter table name_kinds drop column if exists is_shipped;
alter table free_runs drop column if exists is_shipped;
alter table runner_labels drop column if exists is_shipped;
alter table runner_prices drop column if exists is_shipped;

comment on table runner_prices is
  'One row per list price of a kind of runner and day from which it held. Filled from CSV files by each ingest of workflow runs; rows that no file has stay.';
comment on table runner_labels is
  'One row per label that says what runner a job gets. Filled from CSV files by each ingest of workflow runs; rows that no file has stay.';
comment on table name_kinds is
  'One row per rule that says what kind names are. Filled from CSV files by each ingest of workflow runs; rows that no file has stay.';
