-- Stop watching repositories whose name another one has now, and add their number to the name.
-- GitHub gives a name to one repository at a time: these were deleted, moved or renamed.
--   psql "$DATABASE_URL" -f sql/runs/retire_namesakes.sql -v repository_id=7 -v repository=acme/app
update repositories
set
  repository = repositories.repository || ' (id ' || repositories.repository_id || ')',
  forgotten_at = now(),
  revision = repositories.revision + 1
where repositories.repository_id <> :'repository_id'::bigint
  and lower(repositories.repository) = lower(:'repository')
returning
  repositories.repository_id,
  repositories.repository;
