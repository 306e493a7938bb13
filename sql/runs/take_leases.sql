-- Take or renew the lease of a repository; no row means that another ingest holds it.
--   psql "$DATABASE_URL" -f sql/runs/take_leases.sql -v repository_id=7 -v holder=me -v seconds=900
insert into leases (
  repository_id, holder, acquired_at, expires_at
) values (
  :'repository_id',
  :'holder',
  now(),
  now() + make_interval(secs => :'seconds'::integer)
)
on conflict (repository_id) do update set
  holder = excluded.holder,
  acquired_at = excluded.acquired_at,
  expires_at = excluded.expires_at,
  renewal = excluded.renewal
where leases.holder = excluded.holder
  or leases.expires_at < excluded.acquired_at
returning holder;
