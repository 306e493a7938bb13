-- Which models have calls whose cost is not known?
-- Over the last 30 days. Where price_model is missing, add a line for the model to a price list of
-- your own (LLM_PRICES); where it is there, the log did not report the tokens.
--   psql "$DATABASE_URL" -f sql/analysis/llm_unpriced_models.sql
select
  provider,
  model,
  price_model,
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
  price_model
order by
  total_tokens desc nulls last,
  calls desc,
  model;
