-- In which order to ingest repositories: the longest without a complete ingest first.
-- A repository that no ingest completed yet comes before all others.
--   psql "$DATABASE_URL" -f sql/runs/ingest_order.sql -v repositories='{acme/app,acme/site}'
with last_completes as (
  select
    repository_id,
    max(finished_at) as finished_at
  from ingestions
  where outcome = 'complete'
    or is_caught_up
  group by repository_id
),
known as (
  select
    lower(repositories.repository) as name,
    max(last_completes.finished_at) as completed_at
  from repositories
  left join last_completes using (repository_id)
  group by lower(repositories.repository)
)
select asked.repository
from unnest(:'repositories'::text[]) with ordinality as asked (repository, place)
left join known on known.name = lower(asked.repository)
order by
  known.completed_at nulls first,
  asked.place;
