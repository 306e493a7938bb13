-- What an ingest until a moment would have noted of the runs that are there: a window a day.
--   psql "$DATABASE_URL" -v until='2026-01-01T00:00:00Z' -f sql/bench/insert_windows.sql
insert into windows (
  repository_id,
  created_from,
  created_to,
  reported,
  seen,
  listed_at,
  is_complete
)
with days as (
  select
    repository_id,
    date_trunc('day', created_at, 'UTC') as created_from,
    count(distinct github_run_id) as runs
  from workflow_runs
  where created_at < :'until'::timestamptz
  group by
    repository_id,
    date_trunc('day', created_at, 'UTC')
)
select
  repository_id,
  created_from,
  least(created_from + interval '24 hours', :'until'::timestamptz) as created_to,
  runs as reported,
  runs as seen,
  :'until'::timestamptz as listed_at,
  true as is_complete
from days;
