-- How long does the default branch stay red, and which workflows are red now?
-- Incidents that ended in the period, and open ones that ran in it or in the 30 days before its
-- end; workflows with open ones come first. An incident lasts from the end of the first failed run
-- to the first green run of the same or a later commit. Percentiles are of ended incidents. An
-- incident that a re-run ended became green without a new commit. A workflow that was deleted or
-- disabled while red is no longer open. What came after the period is left out.
--   psql "$DATABASE_URL" -f sql/analysis/time_to_green.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
-- As they were at the end of the period.
found as (
  select
    incidents.repository_id,
    incidents.repository,
    incidents.workflow_id,
    incidents.workflow,
    incidents.workflow_state,
    incidents.red_at,
    case when incidents.recovered_at < period.until then incidents.recovered_at end as recovered_at,
    incidents.duration_seconds,
    incidents.is_recovered_by_rerun,
    reds.runs,
    reds.last_created_at
  from incidents
  cross join period
  cross join lateral (
    select
      count(*) as runs,
      max(created_at) as last_created_at
    from unnest(incidents.red_run_created_at) as runs (created_at)
    where created_at < period.until
  ) as reds
  where (incidents.recovered_at is null or incidents.recovered_at >= period.since)
    and incidents.red_at < period.until
    and (period.repository_ids is null or incidents.repository_id = any(period.repository_ids))
)
select
  repository,
  workflow,
  count(*) as incidents,
  round(
    (
      percentile_cont(0.5) within group (order by duration_seconds)
      filter (where recovered_at is not null) / 3600
    )::numeric,
    2
  ) as p50_hours,
  round(
    (
      percentile_cont(0.9) within group (order by duration_seconds)
      filter (where recovered_at is not null) / 3600
    )::numeric,
    2
  ) as p90_hours,
  date_trunc('second', min(red_at) filter (where recovered_at is null)) as red_since,
  sum(runs)::bigint as red_runs,
  count(*) filter (where recovered_at is not null and is_recovered_by_rerun) as by_rerun,
  (max(last_created_at) at time zone period.time_zone)::date as last_red_day,
  workflow_id,
  repository_id
from found
cross join period
where recovered_at is not null
  or (
    coalesce(workflow_state, 'active') = 'active'
    and last_created_at >= least(period.since, period.until - interval '720 hours')
  )
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  period.time_zone
order by
  red_since nulls last,
  p50_hours desc,
  repository,
  workflow
limit (select period.top from period);
