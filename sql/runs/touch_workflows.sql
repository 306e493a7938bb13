-- Record when these workflows were last listed.
--   psql "$DATABASE_URL" -f sql/runs/touch_workflows.sql \
--     -v workflow_ids='{9}' -v listed_at=2026-01-02T00:00:00Z
update workflows
set listed_at = :'listed_at'::timestamptz
where workflow_id = any(:'workflow_ids'::bigint[]);
