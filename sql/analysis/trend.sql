-- Is each workflow better or worse than in the period before?
-- The complete days of the period against as many before them, by first attempts: success over
-- decided runs, with the change in percentage points, and the median of successful ones. A change
-- is called one only where the 95 % intervals of both periods lie apart: Wilson's for success, and
-- for the median the runs at the ranks n/2 ± 0.98 √n, for which eight runs are needed.
--   psql "$DATABASE_URL" -f sql/analysis/trend.sql
with period as not materialized (
  select
    now() - interval '30 days' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
days as not materialized (
  select
    date_trunc('day', since at time zone time_zone) as first_day,
    date_trunc('day', until at time zone time_zone) as day_after,
    repository_ids,
    time_zone
  from period
),
periods as (
  select
    'before' as period,
    (first_day - (day_after - first_day)) at time zone time_zone as since,
    first_day at time zone time_zone as until
  from days
  union all
  select
    'last' as period,
    first_day at time zone time_zone as since,
    day_after at time zone time_zone as until
  from days
),
figures as (
  select
    periods.period,
    attempts.repository_id,
    attempts.repository,
    attempts.workflow_id,
    attempts.workflow,
    attempts.branch_class,
    count(*) as runs,
    count(*) filter (where attempts.is_decided) as decided,
    count(*) filter (where attempts.is_success) as successes,
    percentile_cont(0.5) within group (order by attempts.duration_seconds)
      filter (where attempts.is_success) as p50_seconds,
    array_agg(attempts.duration_seconds order by attempts.duration_seconds)
      filter (where attempts.is_success and attempts.duration_seconds is not null) as durations
  from attempts
  inner join periods
    on attempts.created_at >= periods.since
    and attempts.created_at < periods.until
  cross join days
  where attempts.created_at >= (select min(since) from periods)
    and (days.repository_ids is null or attempts.repository_id = any(days.repository_ids))
    and attempts.is_first_attempt
  group by
    periods.period,
    attempts.repository_id,
    attempts.repository,
    attempts.workflow_id,
    attempts.workflow,
    attempts.branch_class
),
ranks as (
  select
    period,
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    runs,
    decided,
    successes::numeric / nullif(decided, 0) as success,
    1.96 * 1.96 / nullif(decided, 0) as z2_by_n,
    p50_seconds,
    durations,
    floor((cardinality(durations) - 1.96 * sqrt(cardinality(durations))) / 2)::integer as low_rank
  from figures
),
intervals as (
  select
    period,
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    runs,
    success,
    (success + z2_by_n / 2 - 1.96 * sqrt(success * (1 - success) / decided + z2_by_n / 4 / decided))
      / (1 + z2_by_n) as success_low,
    (success + z2_by_n / 2 + 1.96 * sqrt(success * (1 - success) / decided + z2_by_n / 4 / decided))
      / (1 + z2_by_n) as success_high,
    p50_seconds,
    durations[low_rank] as p50_low,
    durations[cardinality(durations) + 1 - low_rank] as p50_high
  from ranks
)
select
  last.repository,
  last.workflow,
  last.branch_class,
  previous.runs as runs_before,
  last.runs,
  round(100 * previous.success, 1) as success_percent_before,
  round(100 * last.success, 1) as success_percent,
  round(100 * (last.success - previous.success), 1) as success_points,
  case
    when last.success_low > previous.success_high then 'better'
    when last.success_high < previous.success_low then 'worse'
    when last.success is null or previous.success is null then 'too few runs'
    else 'no clear change'
  end as success_trend,
  round(previous.p50_seconds)::bigint as p50_seconds_before,
  round(last.p50_seconds)::bigint as p50_seconds,
  round((100 * (last.p50_seconds / nullif(previous.p50_seconds, 0) - 1))::numeric, 1)
    as p50_change_percent,
  case
    when last.p50_low > previous.p50_high then 'slower'
    when last.p50_high < previous.p50_low then 'faster'
    when last.p50_low is null or previous.p50_low is null then 'too few runs'
    else 'no clear change'
  end as duration_trend
from intervals as last
left join intervals as previous
  on previous.period = 'before'
  and previous.repository_id = last.repository_id
  and previous.repository = last.repository
  and previous.workflow_id is not distinct from last.workflow_id
  and previous.workflow = last.workflow
  and previous.branch_class = last.branch_class
where last.period = 'last'
order by
  last.runs desc,
  last.repository,
  last.workflow,
  last.branch_class
limit (select period.top from period);
