-- Store for how many days GitHub keeps a repository's runs; what is not known changes nothing.
--   psql "$DATABASE_URL" -f sql/runs/record_upstream_retention.sql \
--     -v repository_id=7 -v upstream_retention_days=90 \
--     -v upstream_retention_asked_at=2026-01-02T00:00:00Z
update repositories
set
  upstream_retention_days = coalesce(
    :'upstream_retention_days'::integer,
    upstream_retention_days
  ),
  upstream_retention_asked_at = :'upstream_retention_asked_at'::timestamptz
where repository_id = :'repository_id'::bigint;
