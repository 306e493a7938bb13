-- The current name of each requested repository, in order; unknown names stay as they are.
-- A former name leads to the repository that had it, unless another one has it now.
--   psql "$DATABASE_URL" -f sql/status/present_names.sql -v names='{acme/app,acme/site}'
select
  asked.name,
  coalesce(renamed.repository, asked.name) as repository
from unnest(:'names'::text[]) with ordinality as asked (name, place)
left join former_names
  on former_names.name = lower(asked.name)
  and not exists (
    select 1
    from repositories
    where lower(repositories.repository) = lower(asked.name)
  )
left join repositories as renamed using (repository_id)
order by asked.place;
