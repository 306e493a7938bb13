-- What each ingest did, so that "how fresh is this?" is answered from the database alone.
-- depends: 0003.repositories

create table if not exists ingestions (
  repository_id bigint not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  outcome text not null,
  since timestamptz not null,
  fetched integer not null,
  inserted integer not null,
  updated integer not null,
  unchanged integer not null,
  not_completed integer not null,
  unreadable integer not null,
  cut integer not null,
  requests integer not null,
  not_modified integer not null,
  error text,
  constraint ingestions_pkey primary key (repository_id, started_at)
);

comment on table ingestions is
  'One row per ingest of one repository, written with every page that it stored.';
comment on column ingestions.repository_id is
  'The repository, by GitHub''s number.';
comment on column ingestions.started_at is
  'When it started, by GitHub''s clock.';
comment on column ingestions.finished_at is
  'When it ended. NULL: it still runs, or was killed.';
comment on column ingestions.outcome is
  'running, complete, incomplete (saved; the next one goes on), interrupted or failed. running without a recent page: killed.';
comment on column ingestions.since is
  'Runs created from this moment on were asked for.';
comment on column ingestions.fetched is
  'Runs seen in that interval, each counted once: inserted + updated + unchanged + not_completed + unreadable.';
comment on column ingestions.not_completed is
  'Runs still queued or in progress; a later ingest stores them.';
comment on column ingestions.unreadable is
  'Runs whose answer lacked what a row needs; they were named when it happened.';
comment on column ingestions.cut is
  'Values that were longer than their column and were cut.';
comment on column ingestions.requests is
  'Requests sent to GitHub, repeated ones included.';
comment on column ingestions.not_modified is
  'How many of them GitHub answered with 304 (unchanged) and did not charge.';
comment on column ingestions.error is
  'Why it did not complete. NULL: it did.';
