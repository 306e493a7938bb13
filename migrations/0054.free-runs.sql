-- Which workflows of GitHub's own run free on standard runners, and until when.
-- depends: 0053.runner-price-sources

create table if not exists free_runs (
  path text not null,
  free_from date not null,
  free_until date,
  source text,
  revision integer not null default 1,
  constraint free_runs_pkey primary key (path, free_from)
);

comment on table free_runs is
  'One row per kind of workflow and span of days in which it ran free on standard runners. Filled from a CSV file by each ingest of workflow runs.';
comment on column free_runs.path is
  'How workflow_runs.workflow_path begins, up to a slash.';
comment on column free_runs.free_from is
  'The first day in UTC on which such jobs were free.';
comment on column free_runs.free_until is
  'The first day in UTC on which such jobs were billed again. NULL: they still are free.';
comment on column free_runs.source is
  'Where that was read. NULL: not known.';
comment on column free_runs.revision is
  '1 when inserted, one more with every change: tells inserted rows from updated ones.';
