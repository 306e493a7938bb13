-- Delete records of ingests older than a moment, except the last complete one of each repository.
--   psql "$DATABASE_URL" -f sql/prune/prune_ingestions.sql -v before=2026-01-01T00:00:00Z
delete from ingestions
where started_at < :'before'::timestamptz
  and (repository_id, started_at) not in (
    select
      repository_id,
      max(started_at)
    from ingestions
    where outcome = 'complete'
    group by repository_id
  );
