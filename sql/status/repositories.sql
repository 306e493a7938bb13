-- For each repository: what is stored, and how its last ingest went.
-- An ingest that left only items to try again is as fresh as a complete one. bytes is the
-- repository's share of three tables with their indexes: of workflow_runs by its attempts, of
-- workflow_jobs and workflow_steps by its jobs.
--   psql "$DATABASE_URL" -f sql/status/repositories.sql
with stored as (
  select
    repository_id,
    count(*) as attempts,
    count(distinct github_run_id) as runs,
    min(created_at) as oldest_created_at,
    max(created_at) as newest_created_at,
    count(*) / sum(count(*)) over () as share
  from workflow_runs
  group by repository_id
),
stored_jobs as (
  select
    workflow_runs.repository_id,
    count(*) / sum(count(*)) over () as share
  from workflow_jobs
  inner join workflow_runs using (github_run_id, run_attempt)
  group by workflow_runs.repository_id
),
last_ingestions as (
  select distinct on (repository_id)
    repository_id,
    started_at,
    finished_at,
    outcome,
    since,
    not_completed,
    unreadable,
    requests,
    error,
    is_caught_up
  from ingestions
  order by
    repository_id,
    started_at desc
),
last_completes as (
  select
    repository_id,
    max(finished_at) as finished_at
  from ingestions
  where outcome = 'complete'
    or is_caught_up
  group by repository_id
)
select
  repositories.repository,
  repositories.repository_id,
  repositories.forgotten_at is null as is_watched,
  coalesce(stored.runs, 0) as runs,
  coalesce(stored.attempts, 0) as attempts,
  stored.oldest_created_at,
  stored.newest_created_at,
  (
    coalesce(stored.share, 0) * pg_total_relation_size('workflow_runs')
    + coalesce(stored_jobs.share, 0)
    * (pg_total_relation_size('workflow_jobs') + pg_total_relation_size('workflow_steps'))
  )::bigint as bytes,
  last_completes.finished_at as last_complete_at,
  extract(epoch from now() - last_completes.finished_at)::bigint as seconds_since_complete,
  last_ingestions.started_at as last_started_at,
  extract(epoch from now() - last_ingestions.started_at)::bigint as seconds_since_start,
  last_ingestions.outcome as last_outcome,
  last_ingestions.since as last_since,
  last_ingestions.not_completed,
  last_ingestions.unreadable,
  last_ingestions.requests,
  last_ingestions.error as last_error,
  coalesce(last_ingestions.is_caught_up, false) as is_caught_up
from repositories
left join stored using (repository_id)
left join stored_jobs using (repository_id)
left join last_ingestions using (repository_id)
left join last_completes using (repository_id)
order by
  repositories.repository,
  repositories.repository_id;
