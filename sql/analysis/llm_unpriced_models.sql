-- Which models have calls whose cost is not known?
-- Add what the price list lacks to a price list of your own (LLM_PRICES): the model, its price from
-- an earlier day, or its price in service_tier. A log's row of several calls counts as these, but
-- fails once. unpriced_because gives the reason.
--   psql "$DATABASE_URL" -f sql/analysis/llm_unpriced_models.sql
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
  sum(api_calls) as calls,
  unpriced_because,
  count(*) filter (where success is false) as failed,
  provider,
  service_tier,
  price_model,
  min(timestamp) as first_at,
  max(timestamp) as last_at,
  sum(total_tokens)::bigint as total_tokens
from llm_calls_priced
cross join period
where timestamp >= period.since
  and timestamp < period.until
  and (period.repository_ids is null or coalesce(repository_id, 0) = any(period.repository_ids))
  and cost is null
group by
  provider,
  model,
  service_tier,
  price_model,
  unpriced_because
order by
  total_tokens desc nulls last,
  calls desc,
  model,
  service_tier,
  unpriced_because
limit (select period.top from period);
