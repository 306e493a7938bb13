-- Store what GitHub says of a repository.
--   psql "$DATABASE_URL" -f sql/runs/describe_repositories.sql \
--     -v repository_id=7 -v default_branch=main -v visibility=private -v is_archived=false \
--     -v described_at=2026-01-02T00:00:00Z
update repositories
set
  default_branch = :'default_branch',
  visibility = :'visibility',
  is_archived = :'is_archived'::boolean,
  described_at = :'described_at'::timestamptz
where repository_id = :'repository_id'::bigint;
