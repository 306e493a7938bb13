-- What has to be asked for again, so that one item that cannot be had stops nothing else.
-- depends: 0017.runner-labels

create table if not exists retries (
  github_run_id bigint not null,
  run_attempt integer not null,
  kind text not null,
  repository_id bigint not null,
  problem text not null,
  reason text not null,
  tries integer not null,
  tried_at timestamptz not null,
  next_try_at timestamptz,
  attempt_updated_at timestamptz,
  constraint retries_pkey primary key (github_run_id, run_attempt, kind),
  constraint retries_kind_is_known check (kind in ('run', 'attempt', 'jobs')),
  constraint retries_problem_is_known check (
    problem in ('unanswered', 'unreadable', 'unfinished')
  ),
  constraint retries_were_tried check (tries >= 1)
);

comment on table retries is
  'One row per item of GitHub''s that was asked for in vain: it is asked for again after an hour, six hours, a day and three days, then given up. The view awaited_items leaves out what no longer matters.';
comment on column retries.github_run_id is
  'GitHub''s id of the run.';
comment on column retries.run_attempt is
  'The attempt''s number; 0 where kind is run.';
comment on column retries.kind is
  'run: its latest state; attempt: an earlier attempt; jobs: the jobs and steps of an attempt.';
comment on column retries.repository_id is
  'The repository, by GitHub''s number.';
comment on column retries.problem is
  'unanswered: GitHub gave errors only; unreadable: its answer lacks what a row needs; unfinished: it can still change.';
comment on column retries.reason is
  'What happened at the last try, in words.';
comment on column retries.tries is
  'How often it was asked for so far.';
comment on column retries.tried_at is
  'When it was last asked for, by GitHub''s clock.';
comment on column retries.next_try_at is
  'From when on it is asked for again. NULL: given up; an ingest with RUN_ID asks again.';
comment on column retries.attempt_updated_at is
  'updated_at of the attempt at the last try; when the attempt has changed since, its tries start anew.';
