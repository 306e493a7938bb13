-- Record that an interval of a repository's runs was listed, and with what result.
--   psql "$DATABASE_URL" -f sql/runs/record_windows.sql \
--     -v repository_id=7 -v created_from=2026-01-01T00:00:00Z -v created_to=2026-01-02T00:00:00Z \
--     -v reported=0 -v seen=0 -v listed_at=2026-01-02T00:10:00Z -v is_complete=true \
--     -v problem=none -v etag=none -v etag_token=none
insert into windows (
  repository_id, created_from, created_to, reported, seen, listed_at, is_complete, problem, etag,
  etag_token
) values (
  :'repository_id',
  :'created_from',
  :'created_to',
  :'reported',
  :'seen',
  :'listed_at',
  :'is_complete',
  :'problem',
  :'etag',
  :'etag_token'
);
