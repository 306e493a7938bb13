-- Hosts, other than this one, that the stored repositories came from.
--   psql "$DATABASE_URL" -f sql/runs/other_api_hosts.sql -v api_host=api.github.com
select distinct api_host
from repositories
where api_host <> :'api_host'
order by api_host;
