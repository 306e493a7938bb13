-- Forget that these items were asked for in vain: they are there, or gone.
--   psql "$DATABASE_URL" -f sql/runs/clear_retries.sql -v kind=jobs \
--     -v github_run_ids='{1,2}' -v run_attempts='{1,1}'
delete from retries
where kind = :'kind'
  and github_run_id = any(:'github_run_ids'::bigint[])
  and (github_run_id, run_attempt) in (
    select
      due.github_run_id,
      due.run_attempt
    from unnest(:'github_run_ids'::bigint[], :'run_attempts'::integer[])
      as due (github_run_id, run_attempt)
  );
