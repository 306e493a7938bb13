-- Which runs have waited for a runner for over an hour, and were still waiting when last seen?
-- By workflow, the longest wait first. No other answer includes them, because only runs that have
-- ended are stored. Runs that wait for an approval or for another run are left out, as are runs
-- queued over 25 hours before the end of the period: GitHub cancels a job after 24 hours, so these
-- do not wait any more, whenever they were last seen.
-- first_queued_at is when the first of them was queued, seen_at when the last complete ingest
-- began, which asked for them. pushes counts those that a push started.
--   psql "$DATABASE_URL" -f sql/analysis/queued_runs.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
queued as materialized (
  select
    open_runs.repository_id,
    open_runs.workflow_id,
    open_runs.github_run_id,
    coalesce(
      open_runs.event_type in ('push', 'pull_request', 'pull_request_target', 'merge_group'), false
    ) as is_of_push,
    coalesce(open_runs.updated_at, open_runs.created_at) as queued_at,
    least(period.until, last_complete.started_at) as seen_at
  from open_runs
  cross join period
  -- A complete ingest asks for each open run.
  cross join lateral (
    select max(ingestions.started_at) as started_at
    from ingestions
    where ingestions.repository_id = open_runs.repository_id
      and (ingestions.outcome = 'complete' or ingestions.is_caught_up)
  ) as last_complete
  where open_runs.created_at >= period.since
    and open_runs.created_at < period.until
    and (period.repository_ids is null or open_runs.repository_id = any(period.repository_ids))
    and open_runs.status = 'queued'
    and open_runs.missing_upstream_at is null
)
select
  repository_names.repository,
  coalesce(workflow_names.workflow, 'unnamed') as workflow,
  count(*) as runs,
  count(*) filter (where queued.is_of_push) as pushes,
  min(queued.queued_at) as first_queued_at,
  max(queued.seen_at) as seen_at,
  date_part('epoch', max(queued.seen_at - queued.queued_at))::bigint as longest_wait_seconds,
  round(date_part('epoch', sum(queued.seen_at - queued.queued_at))::numeric / 60, 2)
    as waited_minutes,
  (array_agg(queued.github_run_id order by queued.queued_at, queued.github_run_id))[1]
    as github_run_id,
  queued.workflow_id,
  queued.repository_id
from queued
inner join repository_names using (repository_id)
left join workflow_names using (repository_id, workflow_id)
cross join period
where queued.seen_at - queued.queued_at >= interval '1 hour'
  and period.until - queued.queued_at <= interval '25 hours'
group by
  queued.repository_id,
  repository_names.repository,
  queued.workflow_id,
  workflow_names.workflow
order by
  longest_wait_seconds desc,
  runs desc,
  repository_names.repository,
  workflow
limit (select period.top from period);
