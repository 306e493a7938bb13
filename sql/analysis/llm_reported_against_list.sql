-- Do the costs that logs report agree with the price list?
-- By model, for calls that have both. outside counts calls whose reported cost is outside the
-- bounds of the list price. The reason can be something that is not billed by tokens, your own
-- discount, or a wrong price in the list or the log.
--   psql "$DATABASE_URL" -f sql/analysis/llm_reported_against_list.sql
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
  model,
  round(sum(reported_cost), 4) as reported_usd,
  round(sum(list_cost), 4) as list_usd,
  round(sum(list_cost_low), 4) as list_low_usd,
  round(sum(list_cost_high), 4) as list_high_usd,
  sum(api_calls) as calls,
  source,
  price_model,
  coalesce(
    sum(api_calls) filter (
      where reported_cost < list_cost_low - 0.000001 or reported_cost > list_cost_high + 0.000001
    ),
    0
  ) as outside,
  round(sum(reported_cost - list_cost), 4) as difference_usd,
  round(100 * sum(reported_cost - list_cost) / nullif(sum(list_cost), 0), 1) as difference_percent
from llm_calls_priced
cross join period
where timestamp >= period.since
  and timestamp < period.until
  and (period.repository_ids is null or coalesce(repository_id, 0) = any(period.repository_ids))
  and reported_cost is not null
  and list_cost is not null
group by
  model,
  price_model,
  source
order by
  abs(sum(reported_cost - list_cost)) desc,
  model,
  source
limit (select period.top from period);
