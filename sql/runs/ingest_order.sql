-- The order in which to ingest repositories: the longest without a complete ingest first.
-- Among those without any complete ingest, the longest without an ingest come first.
--   psql "$DATABASE_URL" -f sql/runs/ingest_order.sql -v repositories='{acme/app,acme/site}'
with last_ingests as (
  select
    repository_id,
    max(started_at) as started_at,
    max(finished_at) filter (where outcome = 'complete' or is_caught_up) as completed_at
  from ingestions
  group by repository_id
),
known as (
  select
    lower(repositories.repository) as name,
    max(last_ingests.started_at) as started_at,
    max(last_ingests.completed_at) as completed_at
  from repositories
  left join last_ingests using (repository_id)
  group by lower(repositories.repository)
)
select asked.repository
from unnest(:'repositories'::text[]) with ordinality as asked (repository, place)
left join known on known.name = lower(asked.repository)
order by
  known.completed_at nulls first,
  known.started_at nulls first,
  asked.place;
