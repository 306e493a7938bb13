-- How long does the default branch stay red, and which workflows are red now?
-- Incidents that ended in the period, and all open ones, which come first: from the end of the
-- first failed run to the first green one of the same or a later commit. Percentiles are of ended
-- incidents. Those ended by a re-run became green without a new commit. A workflow that was deleted
-- or disabled while red is no longer open.
--   psql "$DATABASE_URL" -f sql/analysis/time_to_green.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
)
select
  repository,
  workflow,
  count(*) as incidents,
  count(*) filter (where is_recovered_by_rerun) as by_rerun,
  round(
    (percentile_cont(0.5) within group (order by duration_seconds) / 3600)::numeric,
    1
  ) as p50_hours,
  round(
    (percentile_cont(0.9) within group (order by duration_seconds) / 3600)::numeric,
    1
  ) as p90_hours,
  sum(red_runs)::bigint as red_runs,
  date_trunc('second', min(red_at) filter (where recovered_at is null)) as red_since,
  (max(last_red_run_created_at) at time zone 'UTC')::date as last_red_day
from incidents
cross join period
where (recovered_at is null or recovered_at >= period.since)
  and red_at < period.until
  and (recovered_at is not null or coalesce(workflow_state, 'active') = 'active')
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
group by
  repository_id,
  repository,
  workflow_id,
  workflow
order by
  red_since nulls last,
  p50_hours desc,
  repository,
  workflow
limit (select period.top from period);
