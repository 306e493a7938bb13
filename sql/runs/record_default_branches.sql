-- Record that GitHub names this branch as the default one of a repository.
--   psql "$DATABASE_URL" -f sql/runs/record_default_branches.sql \
--     -v repository_id=7 -v branch=main -v seen_at=2026-01-02T00:00:00Z
insert into default_branches (
  repository_id, branch, first_seen_at, last_seen_at
) values (
  :'repository_id',
  :'branch',
  :'seen_at',
  :'seen_at'
)
on conflict (repository_id, branch) do update set
  last_seen_at = excluded.last_seen_at;
