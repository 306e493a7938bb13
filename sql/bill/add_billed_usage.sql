-- Add lines of a usage report; lines of one day, SKU, repository and workflow are summed.
-- Rows are a JSON array of objects whose keys are the columns.
--   psql "$DATABASE_URL" -f sql/bill/add_billed_usage.sql -v rows='[]'
insert into billed_usage (
  owner, usage_date, product, sku, unit_type, repository, workflow_path,
  applied_cost_per_quantity, quantity, gross_amount, discount_amount, net_amount, lines
)
select
  owner,
  usage_date,
  product,
  sku,
  unit_type,
  repository,
  workflow_path,
  applied_cost_per_quantity,
  sum(quantity),
  sum(gross_amount),
  sum(discount_amount),
  sum(net_amount),
  count(*)
from json_populate_recordset(null::billed_usage, :'rows'::json)
group by
  owner,
  usage_date,
  product,
  sku,
  unit_type,
  repository,
  workflow_path,
  applied_cost_per_quantity
on conflict (
  owner, usage_date, product, sku, unit_type, repository, workflow_path,
  applied_cost_per_quantity
) do update set
  quantity = billed_usage.quantity + excluded.quantity,
  gross_amount = billed_usage.gross_amount + excluded.gross_amount,
  discount_amount = billed_usage.discount_amount + excluded.discount_amount,
  net_amount = billed_usage.net_amount + excluded.net_amount,
  lines = billed_usage.lines + excluded.lines;
