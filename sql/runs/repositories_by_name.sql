-- The stored repository that has this name now, else the one that had it.
--   psql "$DATABASE_URL" -f sql/runs/repositories_by_name.sql -v repository=acme/app
select
  repository_id,
  repository,
  api_host
from repositories
where lower(repository) = lower(:'repository')
  or repository_id in (
    select former_names.repository_id
    from former_names
    where former_names.name = lower(:'repository')
  )
order by
  lower(repository) = lower(:'repository') desc,
  first_seen_at desc
limit 1;
