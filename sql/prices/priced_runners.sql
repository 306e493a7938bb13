-- The kinds of runner with a price, and the labels that stand for them.
--   psql "$DATABASE_URL" -f sql/prices/priced_runners.sql
select sku as runner
from runner_prices
union
select runner_labels.label
from runner_labels
inner join runner_prices on runner_prices.sku = runner_labels.sku
order by runner;
