-- Watch a forgotten repository again, because it is ingested again.
--   psql "$DATABASE_URL" -f sql/runs/watch_repositories.sql -v repository_id=7
update repositories
set forgotten_at = null
where repository_id = :'repository_id'::bigint
  and forgotten_at is not null;
