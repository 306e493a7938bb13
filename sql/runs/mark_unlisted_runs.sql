-- Mark the stored runs of intervals that complete lists of these left out.
-- Rows are a JSON array of objects whose keys are columns of windows, all of them between
-- created_from and created_to; listed are all runs that the lists showed.
--   psql "$DATABASE_URL" -f sql/runs/mark_unlisted_runs.sql -v repository_id=7 -v listed='{1,2}' \
--     -v created_from=2026-01-01T00:00:00Z -v created_to=2026-01-02T00:00:00Z \
--     -v listed_at=2026-01-02T00:10:00Z -v rows='[{"is_complete":true,
--     "created_from":"2026-01-01T00:00:00Z","created_to":"2026-01-02T00:00:00Z"}]'
update workflow_runs
set unlisted_at = :'listed_at'::timestamptz
where repository_id = :'repository_id'::bigint
  and created_at >= :'created_from'::timestamptz
  and created_at < :'created_to'::timestamptz
  and unlisted_at is null
  and missing_upstream_at is null
  and github_run_id <> all(:'listed'::bigint[])
  and exists (
    select 1
    from json_populate_recordset(null::windows, :'rows'::json) as windows
    where windows.is_complete
      and workflow_runs.created_at >= windows.created_from
      and workflow_runs.created_at < windows.created_to
  );
