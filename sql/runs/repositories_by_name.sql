-- The stored repository that has this name now.
--   psql "$DATABASE_URL" -f sql/runs/repositories_by_name.sql -v repository=acme/app
select
  repository_id,
  repository,
  api_host
from repositories
where lower(repository) = lower(:'repository')
order by first_seen_at desc
limit 1;
