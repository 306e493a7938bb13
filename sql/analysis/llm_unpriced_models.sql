-- Which models have calls whose cost is not known?
-- Over the last 30 days; unpriced_because says why. What the price list lacks, add to a price list
-- of your own (LLM_PRICES): the model, its price from an earlier day, or its price in service_tier.
--   psql "$DATABASE_URL" -f sql/analysis/llm_unpriced_models.sql
select
  provider,
  model,
  service_tier,
  price_model,
  unpriced_because,
  count(*) as calls,
  count(*) filter (where success is false) as failed,
  sum(total_tokens)::bigint as total_tokens,
  min(timestamp) as first_at,
  max(timestamp) as last_at
from llm_calls_priced
where timestamp >= now() - interval '30 days'
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
  unpriced_because;
