-- Renew the lease of a repository; no row means that this ingest has lost it.
-- Another ingest took it, or a crash of the server undid a renewal and what was stored with it. The
-- commit of this transaction does not wait for the disk: data lost in a crash of the server is
-- listed again. The end of the ingest does wait. A renewal may come after later ones, of a thread
-- that had to wait for the connection.
--   psql "$DATABASE_URL" -f sql/runs/renew_leases.sql \
--     -v repository_id=7 -v holder=me -v seconds=900 -v renewal=3 -v confirmed=2
update leases
set
  expires_at = now() + make_interval(secs => :'seconds'::integer),
  renewal = greatest(renewal, :'renewal'::bigint)
where repository_id = :'repository_id'::bigint
  and holder = :'holder'
  and renewal >= :'confirmed'::bigint
returning
  holder,
  set_config('synchronous_commit', 'off', true) as synchronous_commit;
