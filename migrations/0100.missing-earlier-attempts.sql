-- Comments that say when an earlier attempt counts as one that GitHub does not have.
-- depends: 0061.plainer-comments
comment on table missing_attempts is
  'One row per earlier attempt that GitHub did not have at any of five tries, although it has the run. It is not requested again, unless RUN_ID names its run.';
comment on column missing_attempts.missing_at is
  'When GitHub last said so.';
comment on column retries.problem is
  'unanswered: GitHub sent only errors; unreadable: its answer lacks what a row needs; unfinished: it can still change, or GitHub answered 404 although it has the run.';
