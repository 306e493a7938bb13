-- Record that an ingest did not reach these repositories, and why.
--   psql "$DATABASE_URL" -f sql/runs/record_unreached.sql -v repositories='{acme/app}' \
--     -v unreached_at=2026-01-02T00:00:00Z -v reason='no requests are left'
insert into unreached_repositories (
  repository,
  unreached_at,
  reason
)
select
  unnest(:'repositories'::text[]) as repository,
  :'unreached_at'::timestamptz as unreached_at,
  :'reason' as reason
on conflict (repository) do update set
  unreached_at = excluded.unreached_at,
  reason = excluded.reason;
