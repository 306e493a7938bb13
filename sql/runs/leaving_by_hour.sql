-- The runs of a repository whose attempts or jobs are still to fetch, by when GitHub deletes them.
--   psql "$DATABASE_URL" -f sql/runs/leaving_by_hour.sql -v repository_id=7
select
  date_trunc('hour', created_at) as created_from,
  date_trunc('hour', leaves_at) as leaves_from,
  count(*) as runs,
  sum(requests)::integer as requests
from leaving_runs
where repository_id = :'repository_id'::bigint
group by
  date_trunc('hour', created_at),
  date_trunc('hour', leaves_at)
order by leaves_from;
