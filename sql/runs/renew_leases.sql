-- Renew the right to ingest a repository; no row means that it was lost to another.
-- The commit of this transaction does not wait for the disk: what a crash of the server loses is
-- listed again, and the end of the ingest does wait.
--   psql "$DATABASE_URL" -f sql/runs/renew_leases.sql \
--     -v repository_id=7 -v holder=me -v seconds=900
update leases
set expires_at = now() + make_interval(secs => :'seconds'::integer)
where repository_id = :'repository_id'::bigint
  and holder = :'holder'
returning
  holder,
  set_config('synchronous_commit', 'off', true) as synchronous_commit;
