-- How much runner time was wasted?
-- Minutes that jobs ran, not rounded as for billing, and the wasted ones. Each wasted minute is in
-- one column. rerun: the job ran in an attempt that failed, and the run was re-run until it was
-- green without a new commit; if all jobs were re-run, those that had succeeded count too.
-- cancelled: a person, a newer run, a failed sibling or a time limit cancelled the job or its run.
-- streak: the run was scheduled, and failed for at least the fourth time in a row. A failure that
-- was not re-run is not waste.
--   psql "$DATABASE_URL" -f sql/analysis/wasted_minutes.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
used as (
  select
    repository_id,
    workflow_id,
    workflow,
    sum(duration_seconds) as seconds
  from executed_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by
    repository_id,
    workflow_id,
    workflow
),
wasted as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    sum(duration_seconds) as seconds,
    coalesce(sum(duration_seconds) filter (where reason = 'rerun'), 0) as rerun_seconds,
    coalesce(sum(duration_seconds) filter (where reason = 'cancelled'), 0) as cancelled_seconds,
    coalesce(sum(duration_seconds) filter (where reason = 'streak'), 0) as streak_seconds
  from wasted_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by
    repository_id,
    repository,
    workflow_id,
    workflow
)
select
  wasted.repository,
  wasted.workflow,
  round(wasted.seconds / 60.0, 2) as wasted_minutes,
  round(100.0 * wasted.seconds / nullif(used.seconds, 0), 4) as wasted_percent,
  round(wasted.rerun_seconds / 60.0, 2) as rerun_minutes,
  round(wasted.cancelled_seconds / 60.0, 2) as cancelled_minutes,
  round(wasted.streak_seconds / 60.0, 2) as streak_minutes,
  round(used.seconds / 60.0, 2) as used_minutes,
  wasted.workflow_id,
  wasted.repository_id
from wasted
inner join used
  on used.repository_id is not distinct from wasted.repository_id
  and used.workflow_id is not distinct from wasted.workflow_id
  and used.workflow = wasted.workflow
where wasted.seconds > 0
order by
  wasted.seconds desc,
  wasted.repository,
  wasted.workflow
limit (select period.top from period);
