-- The runs of a repository whose attempts or jobs are still to fetch, by when GitHub deletes them.
-- ingests is how many more ingests, one in pause_seconds, come before that.
--   psql "$DATABASE_URL" -f sql/runs/leaving_by_ingest.sql -v repository_id=7 \
--     -v now=2026-02-01T00:00:00Z -v pause_seconds=21600
select
  floor(
    extract(epoch from leaves_at - :'now'::timestamptz) / :'pause_seconds'::numeric
  )::integer as ingests,
  max(leaves_at) as leaves_at,
  count(*) as runs,
  sum(requests)::integer as requests
from leaving_runs
where repository_id = :'repository_id'::bigint
  and leaves_at >= :'now'::timestamptz
group by ingests
order by ingests;
