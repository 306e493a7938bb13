-- Store attempts of workflow runs; returns, for each new or changed one, whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL.
-- An older answer never replaces a newer one, and a NULL never a value. If the conclusion or
-- updated_at of an attempt changes, its jobs are listed again. Until then completed_at and
-- duration_seconds keep the values from its jobs, unless the conclusion changed. is_private keeps
-- its first value.
--   psql "$DATABASE_URL" -f sql/runs/upsert_workflow_runs.sql \
--     -v rows='[{"github_run_id":1,"run_attempt":1,"created_at":"2026-01-01T00:00:00Z"}]'
insert into workflow_runs (
  github_run_id, run_attempt, repository_id, repository, workflow_id, workflow_name, workflow_path,
  run_number, display_title, branch, commit_sha, head_repository, event_type, status, conclusion,
  actor, triggering_actor, created_at, started_at, updated_at, completed_at, duration_seconds,
  html_url, is_private, actor_id, triggering_actor_id
)
select
  github_run_id, run_attempt, repository_id, repository, workflow_id, workflow_name, workflow_path,
  run_number, display_title, branch, commit_sha, head_repository, event_type, status, conclusion,
  actor, triggering_actor, created_at, started_at, updated_at, completed_at, duration_seconds,
  html_url, is_private, actor_id, triggering_actor_id
from json_populate_recordset(null::workflow_runs, :'rows'::json)
on conflict (github_run_id, run_attempt) do update set
  repository_id = coalesce(excluded.repository_id, workflow_runs.repository_id),
  repository = coalesce(excluded.repository, workflow_runs.repository),
  workflow_id = coalesce(excluded.workflow_id, workflow_runs.workflow_id),
  workflow_name = coalesce(excluded.workflow_name, workflow_runs.workflow_name),
  workflow_path = coalesce(excluded.workflow_path, workflow_runs.workflow_path),
  run_number = coalesce(excluded.run_number, workflow_runs.run_number),
  display_title = coalesce(excluded.display_title, workflow_runs.display_title),
  branch = coalesce(excluded.branch, workflow_runs.branch),
  commit_sha = coalesce(excluded.commit_sha, workflow_runs.commit_sha),
  head_repository = coalesce(excluded.head_repository, workflow_runs.head_repository),
  event_type = coalesce(excluded.event_type, workflow_runs.event_type),
  status = coalesce(excluded.status, workflow_runs.status),
  conclusion = coalesce(excluded.conclusion, workflow_runs.conclusion),
  actor = coalesce(excluded.actor, workflow_runs.actor),
  triggering_actor = coalesce(excluded.triggering_actor, workflow_runs.triggering_actor),
  created_at = coalesce(excluded.created_at, workflow_runs.created_at),
  started_at = coalesce(excluded.started_at, workflow_runs.started_at),
  updated_at = coalesce(excluded.updated_at, workflow_runs.updated_at),
  completed_at = case when coalesce(excluded.conclusion, workflow_runs.conclusion)
        is not distinct from workflow_runs.conclusion
      and (
        workflow_runs.jobs_listed_at is not null
        or excluded.updated_at is not distinct from workflow_runs.updated_at
      )
    then workflow_runs.completed_at
    else coalesce(excluded.completed_at, workflow_runs.completed_at)
  end,
  duration_seconds = case when coalesce(excluded.conclusion, workflow_runs.conclusion)
        is not distinct from workflow_runs.conclusion
      and (
        workflow_runs.jobs_listed_at is not null
        or excluded.updated_at is not distinct from workflow_runs.updated_at
      )
    then workflow_runs.duration_seconds
    else coalesce(excluded.duration_seconds, workflow_runs.duration_seconds)
  end,
  html_url = coalesce(excluded.html_url, workflow_runs.html_url),
  jobs_listed_at = case when coalesce(excluded.conclusion, workflow_runs.conclusion)
        is not distinct from workflow_runs.conclusion
      and excluded.updated_at is not distinct from workflow_runs.updated_at
    then workflow_runs.jobs_listed_at
  end,
  is_private = coalesce(workflow_runs.is_private, excluded.is_private),
  actor_id = coalesce(excluded.actor_id, workflow_runs.actor_id),
  triggering_actor_id = coalesce(excluded.triggering_actor_id, workflow_runs.triggering_actor_id),
  revision = workflow_runs.revision + 1
where (workflow_runs.updated_at is null or excluded.updated_at >= workflow_runs.updated_at)
  and (
    workflow_runs.repository_id, workflow_runs.repository, workflow_runs.workflow_id,
    workflow_runs.workflow_name, workflow_runs.workflow_path, workflow_runs.run_number,
    workflow_runs.display_title, workflow_runs.branch, workflow_runs.commit_sha,
    workflow_runs.head_repository, workflow_runs.event_type, workflow_runs.status,
    workflow_runs.conclusion, workflow_runs.actor, workflow_runs.triggering_actor,
    workflow_runs.created_at, workflow_runs.started_at, workflow_runs.updated_at,
    workflow_runs.completed_at, workflow_runs.duration_seconds, workflow_runs.html_url,
    workflow_runs.is_private, workflow_runs.actor_id, workflow_runs.triggering_actor_id
  ) is distinct from (
    coalesce(excluded.repository_id, workflow_runs.repository_id),
    coalesce(excluded.repository, workflow_runs.repository),
    coalesce(excluded.workflow_id, workflow_runs.workflow_id),
    coalesce(excluded.workflow_name, workflow_runs.workflow_name),
    coalesce(excluded.workflow_path, workflow_runs.workflow_path),
    coalesce(excluded.run_number, workflow_runs.run_number),
    coalesce(excluded.display_title, workflow_runs.display_title),
    coalesce(excluded.branch, workflow_runs.branch),
    coalesce(excluded.commit_sha, workflow_runs.commit_sha),
    coalesce(excluded.head_repository, workflow_runs.head_repository),
    coalesce(excluded.event_type, workflow_runs.event_type),
    coalesce(excluded.status, workflow_runs.status),
    coalesce(excluded.conclusion, workflow_runs.conclusion),
    coalesce(excluded.actor, workflow_runs.actor),
    coalesce(excluded.triggering_actor, workflow_runs.triggering_actor),
    coalesce(excluded.created_at, workflow_runs.created_at),
    coalesce(excluded.started_at, workflow_runs.started_at),
    coalesce(excluded.updated_at, workflow_runs.updated_at),
    case when coalesce(excluded.conclusion, workflow_runs.conclusion)
          is not distinct from workflow_runs.conclusion
        and (
          workflow_runs.jobs_listed_at is not null
          or excluded.updated_at is not distinct from workflow_runs.updated_at
        )
      then workflow_runs.completed_at
      else coalesce(excluded.completed_at, workflow_runs.completed_at)
    end,
    case when coalesce(excluded.conclusion, workflow_runs.conclusion)
          is not distinct from workflow_runs.conclusion
        and (
          workflow_runs.jobs_listed_at is not null
          or excluded.updated_at is not distinct from workflow_runs.updated_at
        )
      then workflow_runs.duration_seconds
      else coalesce(excluded.duration_seconds, workflow_runs.duration_seconds)
    end,
    coalesce(excluded.html_url, workflow_runs.html_url),
    coalesce(workflow_runs.is_private, excluded.is_private),
    coalesce(excluded.actor_id, workflow_runs.actor_id),
    coalesce(excluded.triggering_actor_id, workflow_runs.triggering_actor_id)
  )
returning (revision = 1) as inserted;
