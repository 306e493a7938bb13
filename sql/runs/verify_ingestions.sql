-- When the last ingest of a repository began, and since when it was to ingest runs.
-- ingested_at is that of the last complete ingest, if there is one.
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
