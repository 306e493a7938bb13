-- Store steps of stored jobs; returns, for each new or changed one, whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL.
-- An unfinished step never replaces a finished one, and a NULL never a value.
--   psql "$DATABASE_URL" -f sql/runs/upsert_workflow_steps.sql \
--     -v rows='[{"github_run_id":1,"run_attempt":1,"job_id":11,"number":1}]'
insert into workflow_steps (
  github_run_id, run_attempt, job_id, number, name, status, conclusion, started_at, completed_at
)
select
  github_run_id, run_attempt, job_id, number, name, status, conclusion, started_at, completed_at
from json_populate_recordset(null::workflow_steps, :'rows'::json)
on conflict (github_run_id, run_attempt, job_id, number) do update set
  name = coalesce(excluded.name, workflow_steps.name),
  status = coalesce(excluded.status, workflow_steps.status),
  conclusion = coalesce(excluded.conclusion, workflow_steps.conclusion),
  started_at = coalesce(excluded.started_at, workflow_steps.started_at),
  completed_at = coalesce(excluded.completed_at, workflow_steps.completed_at),
  revision = workflow_steps.revision + 1
where (workflow_steps.status is distinct from 'completed' or excluded.status = 'completed')
  and (
    workflow_steps.name, workflow_steps.status, workflow_steps.conclusion,
    workflow_steps.started_at, workflow_steps.completed_at
  ) is distinct from (
    coalesce(excluded.name, workflow_steps.name), coalesce(excluded.status, workflow_steps.status),
    coalesce(excluded.conclusion, workflow_steps.conclusion),
    coalesce(excluded.started_at, workflow_steps.started_at),
    coalesce(excluded.completed_at, workflow_steps.completed_at)
  )
returning (revision = 1) as inserted;
