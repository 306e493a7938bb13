-- When the last ingest of a repository began: the last complete one, if there is one. And since
-- when runs were to be ingested at all.
--   psql "$DATABASE_URL" -f sql/runs/verify_ingestions.sql -v repository_id=7
select
  coalesce(
    max(started_at) filter (where outcome = 'complete' or is_caught_up),
    max(started_at)
  ) as ingested_at,
  min(since) as since
from ingestions
where repository_id = :'repository_id'::bigint
having count(*) > 0;
