-- Record that intervals of a repository's runs were listed, and with what result.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL.
--   psql "$DATABASE_URL" -f sql/runs/record_windows.sql -v rows='[{"repository_id":7,
--     "created_from":"2026-01-01T00:00:00Z","created_to":"2026-01-02T00:00:00Z","reported":0,
--     "seen":0,"listed_at":"2026-01-02T00:10:00Z","is_complete":true}]'
insert into windows (
  repository_id, created_from, created_to, reported, seen, listed_at, is_complete, problem, etag,
  etag_token
)
select
  repository_id, created_from, created_to, reported, seen, listed_at, is_complete, problem, etag,
  etag_token
from json_populate_recordset(null::windows, :'rows'::json);
