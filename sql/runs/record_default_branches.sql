-- Record that GitHub names this branch as the default one of a repository.
-- If it named another one last, this is another time.
--   psql "$DATABASE_URL" -f sql/runs/record_default_branches.sql \
--     -v repository_id=7 -v branch=main -v seen_at=2026-01-02T00:00:00Z
insert into default_branches (
  repository_id, branch, first_seen_at, last_seen_at
)
select
  :'repository_id'::bigint,
  :'branch'::text,
  coalesce(
    (
      select case when branch = :'branch'::text then first_seen_at end
      from default_branches
      where repository_id = :'repository_id'::bigint
      order by
        last_seen_at desc,
        first_seen_at desc
      limit 1
    ),
    :'seen_at'::timestamptz
  ),
  :'seen_at'::timestamptz
on conflict (repository_id, branch, first_seen_at) do update set
  last_seen_at = excluded.last_seen_at;
