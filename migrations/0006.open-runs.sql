-- Runs seen before they had ended, because a list read later may no longer reach them.
-- depends: 0005.installed-views

create table if not exists open_runs (
  github_run_id bigint not null,
  run_attempt integer not null,
  repository_id bigint not null,
  status text,
  created_at timestamptz not null,
  updated_at timestamptz,
  missing_upstream_at timestamptz,
  revision integer not null default 1,
  constraint open_runs_pkey primary key (github_run_id)
);

create index if not exists idx_open_runs_repository_id_created_at
  on open_runs (repository_id, created_at);

comment on table open_runs is
  'One row per run that was not completed when it was last seen; it goes when it has ended.';
comment on column open_runs.github_run_id is
  'GitHub''s id of the run.';
comment on column open_runs.run_attempt is
  'The attempt that is open; those before it are final.';
comment on column open_runs.repository_id is
  'The repository, by GitHub''s number.';
comment on column open_runs.status is
  'queued, in_progress, waiting, pending or requested; text, because GitHub adds values.';
comment on column open_runs.created_at is
  'When GitHub created the run.';
comment on column open_runs.updated_at is
  'When GitHub had last changed the run, as it was last seen.';
comment on column open_runs.missing_upstream_at is
  'When GitHub was first seen to have the run no longer; it is not asked for again. NULL: it is there, as far as known.';
comment on column open_runs.revision is
  '1 when inserted, one more with every change.';
