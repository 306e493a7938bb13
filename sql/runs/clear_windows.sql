-- Forget the windows that overlap intervals that were just listed.
-- Rows are a JSON array of objects whose keys are columns of windows.
--   psql "$DATABASE_URL" -f sql/runs/clear_windows.sql -v rows='[{"repository_id":7,
--     "created_from":"2026-01-01T00:00:00Z","created_to":"2026-01-02T00:00:00Z"}]'
delete from windows
using json_populate_recordset(null::windows, :'rows'::json) as listed
where windows.repository_id = listed.repository_id
  and windows.created_from < listed.created_to
  and windows.created_to > listed.created_from;
