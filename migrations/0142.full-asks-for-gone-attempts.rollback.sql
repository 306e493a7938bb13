-- The comment as it was, when only RUN_ID asked for them again.
comment on table missing_attempts is
  'One row per earlier attempt that GitHub did not have at any of five tries, although it has the run. It is not requested again, unless RUN_ID names its run.';
