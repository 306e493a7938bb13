-- Mark runs as gone that a complete list left out after GitHub's retention for them had ended.
-- They need not be probed one by one.
--   psql "$DATABASE_URL" -f sql/runs/mark_expired_runs.sql -v repository_id=7 \
--     -v now=2026-02-01T00:00:00Z
update workflow_runs
set missing_upstream_at = :'now'::timestamptz
from upstream_retention
where workflow_runs.repository_id = :'repository_id'::bigint
  and workflow_runs.unlisted_at is not null
  and workflow_runs.missing_upstream_at is null
  and upstream_retention.repository_id = workflow_runs.repository_id
  and workflow_runs.created_at
    < :'now'::timestamptz - upstream_retention.retention_days * interval '1 day';
