-- Let windows begin no earlier than a moment, and count only what is left of their runs.
--   psql "$DATABASE_URL" -f sql/trim_windows.sql -v before=2026-01-01T00:00:00Z
with trimmed as (
  select
    windows.repository_id,
    windows.created_from,
    (
      select count(distinct known.github_run_id)
      from (
        select
          github_run_id,
          created_at
        from workflow_runs
        where workflow_runs.repository_id = windows.repository_id
        union all
        select
          github_run_id,
          created_at
        from open_runs
        where open_runs.repository_id = windows.repository_id
      ) as known
      where known.created_at >= :'before'::timestamptz
        and known.created_at < windows.created_to
    ) as runs
  from windows
  where windows.created_from < date_trunc('second', :'before'::timestamptz)
    and windows.created_to > :'before'::timestamptz
)
update windows
set
  created_from = date_trunc('second', :'before'::timestamptz),
  reported = trimmed.runs,
  seen = trimmed.runs,
  etag = null
from trimmed
where windows.repository_id = trimmed.repository_id
  and windows.created_from = trimmed.created_from;
