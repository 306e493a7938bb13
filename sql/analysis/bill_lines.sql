-- Where does GitHub's bill differ from what the stored jobs cost?
-- One row per day, SKU, repository and workflow, as in the view billed_lines; unexplained ones come
-- first, then the largest differences. There are three usual reasons for an unexplained row. A job
-- ran over midnight, and GitHub bills it on the other day, or a label stands for another SKU: then
-- there are two rows of opposite sign. Or GitHub's price is not that of the list. minutes are those
-- of the stored jobs, quantity is what GitHub bills. difference_usd is net_amount less list_usd,
-- and the sum of the columns after it.
--   psql "$DATABASE_URL" -f sql/analysis/bill_lines.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
)
select
  usage_date,
  repository,
  workflow_path as workflow_file,
  product,
  sku,
  minutes,
  quantity,
  list_usd,
  net_amount,
  difference_usd,
  unexplained_usd,
  free_rule_usd,
  included_minutes_usd,
  larger_runner_discount_usd,
  rounding_usd,
  job_without_label_usd,
  run_not_stored_usd,
  job_pending_usd,
  storage_usd,
  not_actions_usd,
  jobs,
  gross_amount,
  discount_amount,
  repository_id
from billed_lines
cross join period
where usage_date >= (period.since at time zone 'UTC')::date
  and usage_date::timestamp at time zone 'UTC' < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
  and difference_usd <> 0
order by
  abs(unexplained_usd) desc,
  abs(difference_usd) desc,
  usage_date,
  repository,
  workflow_path,
  sku
limit (select period.top from period);
