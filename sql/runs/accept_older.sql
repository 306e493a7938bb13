-- Let answers about attempts replace stored rows that are newer; the upsert keeps those otherwise.
-- Rows are a JSON array of objects whose keys are the columns.
--   psql "$DATABASE_URL" -f sql/runs/accept_older.sql \
--     -v rows='[{"github_run_id":1,"run_attempt":1,"updated_at":"2026-01-01T00:00:00Z"}]'
update workflow_runs
set updated_at = null
from json_populate_recordset(null::workflow_runs, :'rows'::json) as answers
where answers.github_run_id = workflow_runs.github_run_id
  and answers.run_attempt = workflow_runs.run_attempt
  and answers.updated_at < workflow_runs.updated_at;
