-- Every job that ran is one row of the view job_costs, in one class of cost.
-- The classes are: free, priced, without a price, without a length. A row is a day of a repository
-- on which jobs or seconds differ between the views, the classes do not add up to the jobs, or the
-- costs do not add up to minutes times their prices.
--   psql "$DATABASE_URL" -f sql/checks/every_job_has_one_cost.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
ran as materialized (
  select
    repository_id,
    repository,
    day,
    count(*) as jobs,
    coalesce(sum(duration_seconds), 0) as seconds
  from executed_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by
    repository_id,
    repository,
    day
),
costs as materialized (
  select
    repository_id,
    day,
    count(*) as jobs,
    coalesce(sum(duration_seconds), 0) as seconds,
    count(*) filter (where minutes is null) as unmeasured,
    count(*) filter (where minutes is not null and free_because is not null) as free,
    count(*) filter (
      where minutes is not null and free_because is null and list_cost_usd is not null
    ) as priced,
    count(*) filter (
      where minutes is not null and free_because is null and list_cost_usd is null
    ) as unpriced,
    count(*) filter (
      where 60 * minutes < duration_seconds
        or 60 * minutes >= duration_seconds + 60 and duration_seconds > 0
        or billable_minutes not in (0, minutes)
        or list_cost_usd < 0
    ) as wrong
  from job_costs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by
    repository_id,
    day
)
select
  ran.repository,
  ran.day,
  ran.jobs,
  costs.jobs as rows_of_cost,
  ran.seconds,
  costs.seconds as seconds_of_cost,
  costs.free,
  costs.priced,
  costs.unpriced,
  costs.unmeasured,
  costs.wrong,
  ran.repository_id
from ran
left join costs
  on coalesce(costs.repository_id, 0) = coalesce(ran.repository_id, 0)
  and costs.day = ran.day
where (ran.jobs, ran.seconds) is distinct from (costs.jobs, costs.seconds)
  or costs.jobs <> costs.free + costs.priced + costs.unpriced + costs.unmeasured
  or costs.wrong > 0
order by
  ran.repository_id,
  ran.day
limit (select period.top from period);
