-- Delete shipped prices that the shipped list no longer has, such as a rise that was cancelled.
-- If the user names a list (has_own), delete the user's prices that it no longer has, too. Rows are
-- both lists as JSON: an array of objects with the columns of the key, and is_shipped.
--   psql "$DATABASE_URL" -f sql/prices/delete_unlisted_llm_prices.sql -v has_own=false \
--     -v rows='[{"model":"m","effective_from":"2026-01-01","provider":"","tier":"standard",
--     "above_input_tokens":0,"is_shipped":true}]'
delete from llm_prices
where (is_shipped or :'has_own'::boolean)
  and (model, effective_from, provider, tier, above_input_tokens, is_shipped) not in (
    select
      model,
      effective_from,
      provider,
      tier,
      above_input_tokens,
      is_shipped
    from json_populate_recordset(null::llm_prices, :'rows'::json)
  );
