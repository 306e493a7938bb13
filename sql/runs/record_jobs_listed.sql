-- Record that the jobs of these attempts are stored, and take each attempt's end from its jobs.
-- An attempt ends with the last job that ran on a runner in it; without one, its end is kept.
--   psql "$DATABASE_URL" -f sql/runs/record_jobs_listed.sql -v listed_at=2026-01-02T00:00:00Z \
--     -v github_run_ids='{1,2}' -v run_attempts='{1,1}'
with ends as (
  select
    due.github_run_id,
    due.run_attempt,
    max(workflow_jobs.completed_at) as ended_at
  from (
    select
      unnest(:'github_run_ids'::bigint[]) as github_run_id,
      unnest(:'run_attempts'::integer[]) as run_attempt
  ) as due
  left join workflow_jobs
    on workflow_jobs.github_run_id = due.github_run_id
    and workflow_jobs.run_attempt = due.run_attempt
    and workflow_jobs.runner_id is not null
    and not workflow_jobs.is_inherited
    and not workflow_jobs.is_pseudo
  group by
    due.github_run_id,
    due.run_attempt
),
exact as (
  select
    workflow_runs.github_run_id,
    workflow_runs.run_attempt,
    coalesce(ends.ended_at, workflow_runs.completed_at) as completed_at,
    case
      when ends.ended_at is null then workflow_runs.duration_seconds
      when ends.ended_at < workflow_runs.started_at then 0
      else trunc(extract(epoch from ends.ended_at - workflow_runs.started_at))::bigint
    end as duration_seconds
  from workflow_runs
  inner join ends using (github_run_id, run_attempt)
)
update workflow_runs
set
  jobs_listed_at = :'listed_at'::timestamptz,
  completed_at = exact.completed_at,
  duration_seconds = exact.duration_seconds,
  revision = workflow_runs.revision + (
    (workflow_runs.completed_at, workflow_runs.duration_seconds)
      is distinct from (exact.completed_at, exact.duration_seconds)
  )::integer
from exact
where workflow_runs.github_run_id = exact.github_run_id
  and workflow_runs.run_attempt = exact.run_attempt;
