-- Store runs that have not ended; returns, for each new or changed one, whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL.
--   psql "$DATABASE_URL" -f sql/runs/upsert_open_runs.sql \
--     -v rows='[{"github_run_id":1,"run_attempt":1,"repository_id":7,"created_at":"2026-01-01"}]'
insert into open_runs (
  github_run_id, run_attempt, repository_id, status, created_at, updated_at, workflow_id, event_type
)
select
  github_run_id, run_attempt, repository_id, status, created_at, updated_at, workflow_id, event_type
from json_populate_recordset(null::open_runs, :'rows'::json)
on conflict (github_run_id) do update set
  run_attempt = excluded.run_attempt,
  status = excluded.status,
  updated_at = excluded.updated_at,
  workflow_id = excluded.workflow_id,
  event_type = excluded.event_type,
  missing_upstream_at = null,
  revision = open_runs.revision + 1
where excluded.run_attempt >= open_runs.run_attempt
  and (open_runs.updated_at is null or excluded.updated_at >= open_runs.updated_at)
  and (
    open_runs.run_attempt,
    open_runs.status,
    open_runs.updated_at,
    open_runs.workflow_id,
    open_runs.event_type
  ) is distinct from (
    excluded.run_attempt,
    excluded.status,
    excluded.updated_at,
    excluded.workflow_id,
    excluded.event_type
  )
returning (revision = 1) as inserted;
