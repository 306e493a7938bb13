-- Forget the failed tries for runs that are no longer stored.
--   psql "$DATABASE_URL" -f sql/prune/prune_retries.sql -v before=2026-01-01T00:00:00Z
delete from retries
where tried_at < :'before'::timestamptz
  and not exists (
    select 1
    from workflow_runs
    where workflow_runs.github_run_id = retries.github_run_id
  )
  and not exists (
    select 1
    from open_runs
    where open_runs.github_run_id = retries.github_run_id
  );
