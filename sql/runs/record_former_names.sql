-- Record the former names by which a repository is requested or was stored, and return them.
-- A stored name with a space is not GitHub's: it was retired for a namesake.
--   psql "$DATABASE_URL" -f sql/runs/record_former_names.sql -v name=acme/app \
--     -v repository=acme/site -v repository_id=7 -v seen_at=2026-01-02T00:00:00Z
with former as (
  select distinct on (lower(known.name)) known.name
  from (
    select :'name' as name
    union all
    select repositories.repository
    from repositories
    where repositories.repository_id = :'repository_id'::bigint
      and repositories.repository not like '% %'
  ) as known
  where lower(known.name) <> lower(:'repository')
),
recorded as (
  insert into former_names (
    name,
    repository_id,
    last_seen_at
  )
  select
    lower(former.name),
    :'repository_id'::bigint,
    :'seen_at'::timestamptz
  from former
  on conflict (name) do update set
    repository_id = excluded.repository_id,
    last_seen_at = excluded.last_seen_at
)
select name
from former
order by name;
