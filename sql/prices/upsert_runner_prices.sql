-- Store list prices of runners; returns, for each new or changed one, whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL. A shipped
-- row never replaces one of the user.
--   psql "$DATABASE_URL" -f sql/prices/upsert_runner_prices.sql \
--     -v rows='[{"sku":"linux","effective_from":"2026-01-01","usd_per_minute":"0.006"}]'
insert into runner_prices (
  sku, effective_from, usd_per_minute, source, is_shipped
)
select
  sku, effective_from, usd_per_minute, source, coalesce(is_shipped, false) as is_shipped
from json_populate_recordset(null::runner_prices, :'rows'::json)
on conflict (sku, effective_from) do update set
  usd_per_minute = excluded.usd_per_minute,
  source = excluded.source,
  is_shipped = excluded.is_shipped,
  revision = runner_prices.revision + 1
where (runner_prices.is_shipped or not excluded.is_shipped)
  and (
    runner_prices.usd_per_minute, runner_prices.source, runner_prices.is_shipped
  ) is distinct from (
    excluded.usd_per_minute, excluded.source, excluded.is_shipped
  )
returning (revision = 1) as inserted;
