-- Repositories for which an ingest had no requests left.
--   psql "$DATABASE_URL" -f sql/status/unreached.sql
select
  unreached_repositories.repository,
  unreached_repositories.unreached_at,
  unreached_repositories.reason,
  not exists (
    select 1
    from repositories
    where lower(repositories.repository) = lower(unreached_repositories.repository)
  ) as is_unknown
from unreached_repositories
order by
  unreached_repositories.unreached_at,
  unreached_repositories.repository;
