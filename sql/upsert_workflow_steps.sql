-- Store one step of a stored job; returns whether it is new, or no row if nothing changed.
-- An unfinished step never replaces a finished one, and a NULL never a value.
--   psql "$DATABASE_URL" -f sql/upsert_workflow_steps.sql -v github_run_id=1 -v run_attempt=1 \
--     -v job_id=11 -v number=1 -v name='Set up job' -v status=completed -v conclusion=success \
--     -v started_at=2026-01-01T00:00:05Z -v completed_at=2026-01-01T00:00:06Z
insert into workflow_steps (
  github_run_id,
  run_attempt,
  job_id,
  number,
  name,
  status,
  conclusion,
  started_at,
  completed_at
) values (
  :'github_run_id',
  :'run_attempt',
  :'job_id',
  :'number',
  :'name',
  :'status',
  :'conclusion',
  :'started_at',
  :'completed_at'
)
on conflict (github_run_id, run_attempt, job_id, number) do update set
  name = coalesce(excluded.name, workflow_steps.name),
  status = coalesce(excluded.status, workflow_steps.status),
  conclusion = coalesce(excluded.conclusion, workflow_steps.conclusion),
  started_at = coalesce(excluded.started_at, workflow_steps.started_at),
  completed_at = coalesce(excluded.completed_at, workflow_steps.completed_at),
  revision = workflow_steps.revision + 1
where (workflow_steps.status is distinct from 'completed' or excluded.status = 'completed')
  and (
    workflow_steps.name,
    workflow_steps.status,
    workflow_steps.conclusion,
    workflow_steps.started_at,
    workflow_steps.completed_at
  ) is distinct from (
    coalesce(excluded.name, workflow_steps.name),
    coalesce(excluded.status, workflow_steps.status),
    coalesce(excluded.conclusion, workflow_steps.conclusion),
    coalesce(excluded.started_at, workflow_steps.started_at),
    coalesce(excluded.completed_at, workflow_steps.completed_at)
  )
returning (revision = 1) as inserted;
