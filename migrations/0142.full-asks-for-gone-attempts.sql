-- FULL=1 asks again for earlier attempts that GitHub did not have, as RUN_ID does for one run.
-- depends: 0141.former-names
comment on table missing_attempts is
  'One row per earlier attempt that GitHub did not have at any of five tries, although it has the run. It is requested again only with FULL=1, or if RUN_ID names its run.';
