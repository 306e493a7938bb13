-- How has the duration of each workflow changed, day by day?
-- Successful first attempts by kind of branch and by the day on which their run was created. The
-- last day may not be over, so its value may still change. p95_seconds needs 20 runs on the day.
-- estimated counts runs whose jobs are not stored; their end is GitHub's last change, which may be
-- too late.
--   psql "$DATABASE_URL" -f sql/analysis/durations_by_day.sql
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
  branch_class,
  (created_at at time zone period.time_zone)::date as day,
  round(
    percentile_cont(0.5) within group (order by duration_seconds)::numeric
  )::bigint as p50_seconds,
  case
    when count(*) >= 20 then round(
      percentile_cont(0.95) within group (order by duration_seconds)::numeric
    )::bigint
  end as p95_seconds,
  count(*) as runs,
  count(*) filter (where not is_exact) as estimated,
  workflow_id,
  repository_id
from attempts
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
  and is_first_attempt
  and is_success
  and duration_seconds is not null
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  branch_class,
  (created_at at time zone period.time_zone)::date
order by
  repository,
  workflow,
  workflow_id,
  branch_class,
  (created_at at time zone period.time_zone)::date;
