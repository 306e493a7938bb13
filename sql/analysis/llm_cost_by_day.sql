-- What do LLM calls cost a day, and how many fail?
-- Cost is what the logs report (reported_usd), else the list price, which is between cost_low_usd
-- and cost_high_usd if the log lacks details that the price depends on. Calls without a known cost
-- are counted as unpriced and not included. A log's row of several calls counts as these, but fails
-- once.
--   psql "$DATABASE_URL" -f sql/analysis/llm_cost_by_day.sql
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
  (timestamp at time zone period.time_zone)::date as day,
  sum(api_calls) as calls,
  count(*) filter (where success is false) as failed,
  sum(input_tokens)::bigint as input_tokens,
  sum(output_tokens)::bigint as output_tokens,
  round(sum(cost), 4) as cost_usd,
  round(sum(reported_cost), 4) as reported_usd,
  round(sum(cost_low), 4) as cost_low_usd,
  round(sum(cost_high), 4) as cost_high_usd,
  coalesce(sum(api_calls) filter (where cost is null), 0) as unpriced
from llm_calls_priced
cross join period
where timestamp >= period.since
  and timestamp < period.until
  and (period.repository_ids is null or coalesce(repository_id, 0) = any(period.repository_ids))
group by (timestamp at time zone period.time_zone)::date
order by (timestamp at time zone period.time_zone)::date desc;
