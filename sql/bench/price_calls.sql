-- What all calls cost, every one of them priced.
--   psql "$DATABASE_URL" -f sql/bench/price_calls.sql
select
  count(*) as calls,
  count(price_model) as priced_calls,
  count(error_class) as failed_calls,
  sum(reported_cost) as reported_cost,
  sum(list_cost) as list_cost,
  sum(cost) as cost,
  sum(cache_saved) as cache_saved
from llm_calls_priced;
