-- Forget the missing attempts of runs that are no longer stored.
--   psql "$DATABASE_URL" -f sql/prune/prune_missing_attempts.sql -v before=2026-01-01T00:00:00Z
delete from missing_attempts
where missing_at < :'before'::timestamptz
  and not exists (
    select 1
    from workflow_runs
    where workflow_runs.github_run_id = missing_attempts.github_run_id
  );
