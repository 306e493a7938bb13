-- Store jobs of stored attempts; returns, for each new or changed one, whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL.
-- An unfinished job never replaces a finished one, and a NULL never a value.
--   psql "$DATABASE_URL" -f sql/runs/upsert_workflow_jobs.sql \
--     -v rows='[{"github_run_id":1,"run_attempt":1,"job_id":1,"is_inherited":0,"is_pseudo":0}]'
insert into workflow_jobs (
  github_run_id, run_attempt, job_id, name, status, conclusion, created_at, started_at,
  completed_at, labels, runner_id, runner_name, runner_group_id, runner_group_name, html_url,
  is_inherited, is_pseudo
)
select
  github_run_id, run_attempt, job_id, name, status, conclusion, created_at, started_at,
  completed_at, labels, runner_id, runner_name, runner_group_id, runner_group_name, html_url,
  is_inherited, is_pseudo
from json_populate_recordset(null::workflow_jobs, :'rows'::json)
on conflict (github_run_id, run_attempt, job_id) do update set
  name = coalesce(excluded.name, workflow_jobs.name),
  status = coalesce(excluded.status, workflow_jobs.status),
  conclusion = coalesce(excluded.conclusion, workflow_jobs.conclusion),
  created_at = coalesce(excluded.created_at, workflow_jobs.created_at),
  started_at = coalesce(excluded.started_at, workflow_jobs.started_at),
  completed_at = coalesce(excluded.completed_at, workflow_jobs.completed_at),
  labels = coalesce(excluded.labels, workflow_jobs.labels),
  runner_id = coalesce(excluded.runner_id, workflow_jobs.runner_id),
  runner_name = coalesce(excluded.runner_name, workflow_jobs.runner_name),
  runner_group_id = coalesce(excluded.runner_group_id, workflow_jobs.runner_group_id),
  runner_group_name = coalesce(excluded.runner_group_name, workflow_jobs.runner_group_name),
  html_url = coalesce(excluded.html_url, workflow_jobs.html_url),
  is_inherited = coalesce(excluded.is_inherited, workflow_jobs.is_inherited),
  is_pseudo = coalesce(excluded.is_pseudo, workflow_jobs.is_pseudo),
  revision = workflow_jobs.revision + 1
where (workflow_jobs.status is distinct from 'completed' or excluded.status = 'completed')
  and (
    workflow_jobs.name, workflow_jobs.status, workflow_jobs.conclusion, workflow_jobs.created_at,
    workflow_jobs.started_at, workflow_jobs.completed_at, workflow_jobs.labels,
    workflow_jobs.runner_id, workflow_jobs.runner_name, workflow_jobs.runner_group_id,
    workflow_jobs.runner_group_name, workflow_jobs.html_url, workflow_jobs.is_inherited,
    workflow_jobs.is_pseudo
  ) is distinct from (
    coalesce(excluded.name, workflow_jobs.name), coalesce(excluded.status, workflow_jobs.status),
    coalesce(excluded.conclusion, workflow_jobs.conclusion),
    coalesce(excluded.created_at, workflow_jobs.created_at),
    coalesce(excluded.started_at, workflow_jobs.started_at),
    coalesce(excluded.completed_at, workflow_jobs.completed_at),
    coalesce(excluded.labels, workflow_jobs.labels),
    coalesce(excluded.runner_id, workflow_jobs.runner_id),
    coalesce(excluded.runner_name, workflow_jobs.runner_name),
    coalesce(excluded.runner_group_id, workflow_jobs.runner_group_id),
    coalesce(excluded.runner_group_name, workflow_jobs.runner_group_name),
    coalesce(excluded.html_url, workflow_jobs.html_url),
    coalesce(excluded.is_inherited, workflow_jobs.is_inherited),
    coalesce(excluded.is_pseudo, workflow_jobs.is_pseudo)
  )
returning (revision = 1) as inserted;
