-- The name of each repository to show. Two have one name if a repository was deleted or renamed and
-- its name is used again: the one that ingests still read, else the newer one, has the plain name.
-- An ingest that meets the newer one adds its number to the older one's name, after a space.
create view repository_names as
with places as (
  select
    repository_id,
    repository,
    forgotten_at is null as is_watched,
    row_number() over (
      partition by lower(repository)
      order by
        forgotten_at is null desc,
        repository_id desc
    ) as place
  from repositories
)
select
  repository_id,
  case
    when place = 1 then repository
    else repository || ' (id ' || repository_id || ')'
  end as repository,
  place = 1 and position(' ' in repository) = 0 as has_name,
  is_watched
from places;

comment on view repository_names is
  'One row per repository, with a name under which no other repository is shown.';
comment on column repository_names.repository is
  'owner/name as GitHub gave it last. Where a newer repository has this name, its id follows in brackets.';
comment on column repository_names.has_name is
  'Whether the repository is the one that has this name now. False: a newer one has it, and nothing can be fetched by the name.';
comment on column repository_names.is_watched is
  'Whether ingests are expected of it. False after make forget, and where a newer one has its name.';
