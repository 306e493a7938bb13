-- Make windows begin no earlier than a moment, and remove the runs before it from their counts.
-- Run it before these runs are deleted: it removes the runs that sql/status/proof.sql counts.
-- Windows that end before the moment are left to prune_windows.
--   psql "$DATABASE_URL" -f sql/prune/trim_windows.sql -v before=2026-01-01T00:00:00Z
with attempts_before as (
  select
    repository_id,
    github_run_id,
    created_at,
    unlisted_at,
    missing_upstream_at
  from workflow_runs
  where created_at < :'before'::timestamptz
  union all
  select
    repository_id,
    github_run_id,
    created_at,
    null as unlisted_at,
    missing_upstream_at
  from open_runs
  where created_at < :'before'::timestamptz
),
runs as (
  select
    repository_id,
    github_run_id,
    min(created_at) as created_at,
    max(unlisted_at) as unlisted_at,
    max(missing_upstream_at) as missing_upstream_at
  from attempts_before
  group by
    repository_id,
    github_run_id
),
trimmed as (
  select
    windows.repository_id,
    windows.created_from,
    count(runs.github_run_id) as runs
  from windows
  left join runs
    on runs.repository_id = windows.repository_id
    and runs.created_at >= windows.created_from
    and runs.unlisted_at is null
    and (runs.missing_upstream_at is null or runs.missing_upstream_at > windows.listed_at)
  where windows.created_from < :'before'::timestamptz
    and windows.created_to > :'before'::timestamptz
  group by
    windows.repository_id,
    windows.created_from
)
update windows
set
  created_from = :'before'::timestamptz,
  reported = windows.reported - trimmed.runs,
  seen = windows.seen - trimmed.runs,
  etag = null,
  etag_token = null
from trimmed
where windows.repository_id = trimmed.repository_id
  and windows.created_from = trimmed.created_from;
