-- The comments as they were, when an attempt was missing after one 404.
comment on table missing_attempts is
  'One row per attempt that GitHub no longer has; it is not asked for again.';
comment on column missing_attempts.missing_at is
  'When GitHub first said so.';
comment on column retries.problem is
  'unanswered: GitHub gave errors only; unreadable: its answer lacks what a row needs; unfinished: it can still change.';
