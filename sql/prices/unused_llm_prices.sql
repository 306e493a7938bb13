-- The user's prices of models that no stored call has; a provider is a part of the name.
--   psql "$DATABASE_URL" -f sql/prices/unused_llm_prices.sql
select distinct
  llm_prices.model,
  llm_prices.provider
from llm_prices
left join llm_model_prices
  on llm_model_prices.price_model = llm_prices.model
  and llm_model_prices.price_provider = llm_prices.provider
where not llm_prices.is_shipped
  and llm_model_prices.model is null
order by
  llm_prices.model,
  llm_prices.provider;
