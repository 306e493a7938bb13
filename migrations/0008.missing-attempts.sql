-- Attempts that GitHub has no longer, so that they are asked for once.
-- depends: 0007.windows

create table if not exists missing_attempts (
  github_run_id bigint not null,
  run_attempt integer not null,
  repository_id bigint not null,
  missing_at timestamptz not null,
  constraint missing_attempts_pkey primary key (github_run_id, run_attempt)
);

comment on table missing_attempts is
  'One row per attempt that GitHub answered it has no longer; it is not asked for again.';
comment on column missing_attempts.github_run_id is
  'GitHub''s id of the run.';
comment on column missing_attempts.run_attempt is
  'The attempt''s number.';
comment on column missing_attempts.repository_id is
  'The repository, by GitHub''s number.';
comment on column missing_attempts.missing_at is
  'When GitHub first said so.';
