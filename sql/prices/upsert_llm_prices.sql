-- Store list prices of models; returns for each that is new or changed whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL.
--   psql "$DATABASE_URL" -f sql/prices/upsert_llm_prices.sql \
--   -v rows='[{"model":"m","effective_from":"2026-01-01","input_per_mtok":3,"output_per_mtok":9}]'
insert into llm_prices (
  model,
  effective_from,
  input_per_mtok,
  output_per_mtok,
  cache_read_per_mtok,
  cache_write_per_mtok,
  cache_write_1h_per_mtok,
  provider,
  source
)
select
  model,
  effective_from,
  input_per_mtok,
  output_per_mtok,
  cache_read_per_mtok,
  cache_write_per_mtok,
  cache_write_1h_per_mtok,
  coalesce(provider, '') as provider,
  source
from json_populate_recordset(null::llm_prices, :'rows'::json)
on conflict (model, effective_from, provider) do update set
  input_per_mtok = excluded.input_per_mtok,
  output_per_mtok = excluded.output_per_mtok,
  cache_read_per_mtok = excluded.cache_read_per_mtok,
  cache_write_per_mtok = excluded.cache_write_per_mtok,
  cache_write_1h_per_mtok = excluded.cache_write_1h_per_mtok,
  source = excluded.source,
  revision = llm_prices.revision + 1
where (
    llm_prices.input_per_mtok,
    llm_prices.output_per_mtok,
    llm_prices.cache_read_per_mtok,
    llm_prices.cache_write_per_mtok,
    llm_prices.cache_write_1h_per_mtok,
    llm_prices.source
  ) is distinct from (
    excluded.input_per_mtok,
    excluded.output_per_mtok,
    excluded.cache_read_per_mtok,
    excluded.cache_write_per_mtok,
    excluded.cache_write_1h_per_mtok,
    excluded.source
  )
returning (revision = 1) as inserted;
