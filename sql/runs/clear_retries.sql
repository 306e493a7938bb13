-- Forget the failed tries for these items: they have been fetched, or no longer exist.
--   psql "$DATABASE_URL" -f sql/runs/clear_retries.sql -v kind=jobs \
--     -v github_run_ids='{1,2}' -v run_attempts='{1,1}'
delete from retries
where kind = :'kind'
  and github_run_id = any(:'github_run_ids'::bigint[])
  and (github_run_id, run_attempt) in (
    select
      due.github_run_id,
      due.run_attempt
    from (
      select
        unnest(:'github_run_ids'::bigint[]) as github_run_id,
        unnest(:'run_attempts'::integer[]) as run_attempt
    ) as due
  );
