-- Delete shipped prices of runners that the shipped list no longer has.
-- If the user names a list (has_own), delete the user's rows that it no longer has, too. Rows are
-- both lists as JSON: an array of objects with the columns of the key, and is_shipped.
--   psql "$DATABASE_URL" -f sql/prices/delete_unlisted_runner_prices.sql -v has_own=false \
--     -v rows='[{"sku":"linux","effective_from":"2026-01-01","is_shipped":true}]'
delete from runner_prices
where (is_shipped or :'has_own'::boolean)
  and (sku, effective_from, is_shipped) not in (
    select
      sku,
      effective_from,
      is_shipped
    from json_populate_recordset(null::runner_prices, :'rows'::json)
  );
