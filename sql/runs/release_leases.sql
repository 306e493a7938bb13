-- Release the lease of a repository.
--   psql "$DATABASE_URL" -f sql/runs/release_leases.sql -v repository_id=7 -v holder=me
delete from leases
where repository_id = :'repository_id'::bigint
  and holder = :'holder';
