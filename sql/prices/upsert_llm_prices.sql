-- Store list prices of models; returns, for each new or changed one, whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL. A shipped
-- price never replaces the user's own.
--   psql "$DATABASE_URL" -f sql/prices/upsert_llm_prices.sql \
--   -v rows='[{"model":"m","effective_from":"2026-01-01","input_per_mtok":3,"output_per_mtok":9}]'
insert into llm_prices (
  model, effective_from, input_per_mtok, output_per_mtok, cache_read_per_mtok, cache_write_per_mtok,
  cache_write_1h_per_mtok, provider, source, tier, above_input_tokens, cache_write_12h_per_mtok,
  web_search_per_thousand, regional_factor, peak_factor, peak_hours, peak_weekdays, checked_on,
  is_shipped
)
select
  model, effective_from, input_per_mtok, output_per_mtok, cache_read_per_mtok, cache_write_per_mtok,
  cache_write_1h_per_mtok,
  coalesce(provider, '') as provider,
  source,
  coalesce(tier, 'standard') as tier,
  coalesce(above_input_tokens, 0) as above_input_tokens,
  cache_write_12h_per_mtok, web_search_per_thousand, regional_factor, peak_factor, peak_hours,
  peak_weekdays, checked_on,
  coalesce(is_shipped, false) as is_shipped
from json_populate_recordset(null::llm_prices, :'rows'::json)
on conflict (model, effective_from, provider, tier, above_input_tokens) do update set
  input_per_mtok = excluded.input_per_mtok,
  output_per_mtok = excluded.output_per_mtok,
  cache_read_per_mtok = excluded.cache_read_per_mtok,
  cache_write_per_mtok = excluded.cache_write_per_mtok,
  cache_write_1h_per_mtok = excluded.cache_write_1h_per_mtok,
  source = excluded.source,
  cache_write_12h_per_mtok = excluded.cache_write_12h_per_mtok,
  web_search_per_thousand = excluded.web_search_per_thousand,
  regional_factor = excluded.regional_factor,
  peak_factor = excluded.peak_factor,
  peak_hours = excluded.peak_hours,
  peak_weekdays = excluded.peak_weekdays,
  checked_on = excluded.checked_on,
  is_shipped = excluded.is_shipped,
  revision = llm_prices.revision + 1
where (llm_prices.is_shipped or not excluded.is_shipped)
  and (
    llm_prices.input_per_mtok, llm_prices.output_per_mtok, llm_prices.cache_read_per_mtok,
    llm_prices.cache_write_per_mtok, llm_prices.cache_write_1h_per_mtok, llm_prices.source,
    llm_prices.cache_write_12h_per_mtok, llm_prices.web_search_per_thousand,
    llm_prices.regional_factor, llm_prices.peak_factor, llm_prices.peak_hours,
    llm_prices.peak_weekdays, llm_prices.checked_on, llm_prices.is_shipped
  ) is distinct from (
    excluded.input_per_mtok, excluded.output_per_mtok, excluded.cache_read_per_mtok,
    excluded.cache_write_per_mtok, excluded.cache_write_1h_per_mtok, excluded.source,
    excluded.cache_write_12h_per_mtok, excluded.web_search_per_thousand, excluded.regional_factor,
    excluded.peak_factor, excluded.peak_hours, excluded.peak_weekdays, excluded.checked_on,
    excluded.is_shipped
  )
returning (revision = 1) as inserted;
