-- The runs of a repository in an interval that are stored or open, and not known to be gone.
-- is_in_window says whether the last list of their time was complete.
--   psql "$DATABASE_URL" -f sql/runs/verify_runs.sql -v repository_id=7 \
--     -v created_from=2026-01-01T00:00:00Z -v created_to=2026-02-01T00:00:00Z
with known as (
  select
    github_run_id,
    repository_id,
    created_at,
    missing_upstream_at
  from workflow_runs
  union
  select
    github_run_id,
    repository_id,
    created_at,
    missing_upstream_at
  from open_runs
)
select
  github_run_id,
  created_at,
  exists (
    select 1
    from windows
    where windows.repository_id = known.repository_id
      and windows.created_from <= known.created_at
      and windows.created_to > known.created_at
      and windows.is_complete
  ) as is_in_window
from known
where repository_id = :'repository_id'::bigint
  and created_at >= :'created_from'::timestamptz
  and created_at < :'created_to'::timestamptz
  and missing_upstream_at is null
order by
  created_at desc,
  github_run_id desc;
