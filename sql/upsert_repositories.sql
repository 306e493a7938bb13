-- Store who a repository is; returns whether it is new, or no row if nothing changed.
--   psql "$DATABASE_URL" -f sql/upsert_repositories.sql \
--     -v repository_id=7 -v repository=acme/app -v api_host=api.github.com
insert into repositories (
  repository_id,
  repository,
  api_host
) values (
  :'repository_id',
  :'repository',
  :'api_host'
)
on conflict (repository_id) do update set
  repository = excluded.repository,
  revision = repositories.revision + 1
where repositories.repository is distinct from excluded.repository
returning (revision = 1) as inserted;
