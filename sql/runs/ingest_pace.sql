-- For how many days GitHub keeps a repository's runs, and how often it is ingested.
-- seconds_between is the average of the last ten ingests; NULL before there are two.
--   psql "$DATABASE_URL" -f sql/runs/ingest_pace.sql -v repository_id=7
with last_ingests as (
  select started_at
  from ingestions
  where repository_id = :'repository_id'::bigint
  order by started_at desc
  limit 10
)
select
  retention_days,
  (
    select
      extract(epoch from max(started_at) - min(started_at))::bigint
      / nullif(count(*) - 1, 0)
    from last_ingests
  ) as seconds_between
from upstream_retention
where repository_id = :'repository_id'::bigint;
