-- Which schedules no longer start their workflow?
-- The latest first. The schedule started runs in the period, but then none for a long time: for
-- over a day more than twice the longest pause between its runs of the last 90 days. GitHub does
-- not report the reason. It may be that the schedule or its branch is gone, the person who last
-- changed it has left the organization, or Actions is disabled in the repository. Schedules with
-- fewer than five runs, and workflows that were deleted or disabled, are left out. So is a schedule
-- whose next run may be in a part of the time since then that is not listed. Runs that have not
-- ended count too, such as those that wait for an approval. quiet_seconds is the time from the last
-- run to the end of the period, or to the end of what is listed. html_url is NULL if no attempt of
-- the last run has ended.
--   psql "$DATABASE_URL" -f sql/analysis/stopped_schedules.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
started as (
  select
    repository_id,
    workflow_id,
    github_run_id,
    event_type,
    created_at,
    html_url
  from workflow_runs
  union all
  select
    repository_id,
    workflow_id,
    github_run_id,
    event_type,
    created_at,
    null as html_url
  from open_runs
),
runs as (
  select
    started.repository_id,
    started.workflow_id,
    started.github_run_id,
    started.created_at,
    started.html_url,
    started.created_at - lag(started.created_at) over (
      partition by started.repository_id, started.workflow_id
      order by started.created_at
    ) as pause
  from started
  cross join period
  where started.created_at >= period.until - interval '90 days'
    and started.created_at < period.until
    and (period.repository_ids is null or started.repository_id = any(period.repository_ids))
    and started.event_type = 'schedule'
),
schedules as materialized (
  select
    repository_id,
    workflow_id,
    count(distinct github_run_id) as runs,
    max(created_at) as last_created_at,
    max(pause) as longest_pause,
    (array_agg(html_url order by created_at desc, html_url))[1] as html_url
  from runs
  group by
    repository_id,
    workflow_id
  having count(distinct github_run_id) >= 5
)
select
  repository_names.repository,
  workflow_names.workflow,
  schedules.last_created_at,
  date_part('epoch', quiet)::bigint as quiet_seconds,
  date_part('epoch', schedules.longest_pause)::bigint as longest_pause_seconds,
  schedules.runs,
  schedules.html_url,
  schedules.workflow_id,
  schedules.repository_id
from schedules
cross join period
inner join repository_names using (repository_id)
inner join workflow_names using (repository_id, workflow_id)
cross join lateral (
  select
    least(max(windows.created_to), period.until) - schedules.last_created_at as quiet,
    2 * schedules.longest_pause + interval '1 day' as tolerated
  from windows
  where windows.repository_id = schedules.repository_id
    and windows.is_complete
) as listed
where schedules.last_created_at >= period.since
  and coalesce(workflow_names.state, 'active') = 'active'
  and quiet > tolerated
  and not exists (
    select 1
    from open_runs
    where open_runs.repository_id = schedules.repository_id
      -- A database of version 1.0 may not know what started it, nor its workflow.
      and open_runs.event_type is null
      and open_runs.missing_upstream_at is null
      and open_runs.created_at > schedules.last_created_at
  )
  and not exists (
    select 1
    from unlisted_intervals
    where unlisted_intervals.repository_id = schedules.repository_id
      and unlisted_intervals.gap_from < schedules.last_created_at + quiet
      and unlisted_intervals.gap_to > schedules.last_created_at
  )
order by
  schedules.last_created_at desc,
  repository_names.repository,
  workflow_names.workflow
limit (select period.top from period);
