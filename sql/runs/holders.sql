-- Which ingest works on a repository, and since when.
--   psql "$DATABASE_URL" -f sql/runs/holders.sql -v repository_id=7
select
  holder,
  acquired_at,
  expires_at,
  renewal
from leases
where repository_id = :'repository_id'::bigint;
