-- Renew the right to ingest a repository; no row means that it was lost to another.
--   psql "$DATABASE_URL" -f sql/runs/renew_leases.sql \
--     -v repository_id=7 -v holder=me -v seconds=900
update leases
set expires_at = now() + make_interval(secs => :'seconds'::integer)
where repository_id = :'repository_id'::bigint
  and holder = :'holder'
returning holder;
