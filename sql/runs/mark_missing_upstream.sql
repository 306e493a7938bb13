-- Mark runs that GitHub no longer has; their stored rows stay.
--   psql "$DATABASE_URL" -f sql/runs/mark_missing_upstream.sql \
--     -v github_run_ids='{1,2}' -v missing_upstream_at=2026-01-02T00:10:00Z
update workflow_runs
set missing_upstream_at = :'missing_upstream_at'::timestamptz
where github_run_id = any(:'github_run_ids'::bigint[])
  and missing_upstream_at is null;
