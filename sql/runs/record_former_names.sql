-- Record that a repository is still requested under a former name.
--   psql "$DATABASE_URL" -f sql/runs/record_former_names.sql \
--     -v name=acme/app -v repository_id=7 -v seen_at=2026-01-02T00:00:00Z
insert into former_names (
  name, repository_id, last_seen_at
) values (
  lower(:'name'),
  :'repository_id',
  :'seen_at'
)
on conflict (name) do update set
  repository_id = excluded.repository_id,
  last_seen_at = excluded.last_seen_at;
