-- For how many days GitHub keeps a repository's runs, and how often it is ingested.
-- seconds_between is the average time between its last ten ingests; those within half an hour,
-- as when an ingest is repeated by hand, count as one. NULL: they cover less than an hour.
--   psql "$DATABASE_URL" -f sql/runs/ingest_pace.sql -v repository_id=7
with last_ingests as (
  select started_at
  from ingestions
  where repository_id = :'repository_id'::bigint
  order by started_at desc
  limit 10
),
pauses as (
  select started_at - lag(started_at) over (order by started_at) as pause
  from last_ingests
)
select
  retention_days,
  (
    select
      case
        when sum(pause) >= interval '1 hour' then extract(
          epoch from coalesce(avg(pause) filter (where pause >= interval '30 minutes'), avg(pause))
        )::bigint
      end
    from pauses
  ) as seconds_between
from upstream_retention
where repository_id = :'repository_id'::bigint;
