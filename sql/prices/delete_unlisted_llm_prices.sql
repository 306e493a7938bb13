-- Delete the shipped prices that the shipped list no longer has, such as a rise that was cancelled.
-- Rows are the list as JSON: an array of objects with the columns of the key.
--   psql "$DATABASE_URL" -f sql/prices/delete_unlisted_llm_prices.sql \
--     -v rows='[{"model":"m","effective_from":"2026-01-01","provider":"","tier":"standard",
--     "above_input_tokens":0}]'
delete from llm_prices
where is_shipped
  and (model, effective_from, provider, tier, above_input_tokens) not in (
    select
      model,
      effective_from,
      provider,
      tier,
      above_input_tokens
    from json_populate_recordset(null::llm_prices, :'rows'::json)
  );
