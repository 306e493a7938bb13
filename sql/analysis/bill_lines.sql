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
  billed_lines.usage_date,
  billed_lines.repository,
  billed_lines.workflow_path as workflow_file,
  billed_lines.product,
  billed_lines.sku,
  billed_lines.minutes,
  billed_lines.quantity,
  billed_lines.list_usd,
  billed_lines.net_amount,
  billed_lines.difference_usd,
  billed_lines.unexplained_usd,
  billed_lines.free_rule_usd,
  billed_lines.included_minutes_usd,
  billed_lines.larger_runner_discount_usd,
  billed_lines.rounding_usd,
  billed_lines.job_without_label_usd,
  billed_lines.run_not_stored_usd,
  billed_lines.job_pending_usd,
  billed_lines.storage_usd,
  billed_lines.not_actions_usd,
  billed_lines.jobs,
  billed_lines.gross_amount,
  billed_lines.discount_amount,
  billed_lines.repository_id
from billed_lines
cross join period
where billed_lines.usage_date >= (period.since at time zone 'UTC')::date
  and billed_lines.usage_date::timestamp at time zone 'UTC' < period.until
  and (
    period.repository_ids is null
    or billed_lines.repository_id = any(period.repository_ids)
  )
  and billed_lines.difference_usd <> 0
order by
  abs(billed_lines.unexplained_usd) desc,
  abs(billed_lines.difference_usd) desc,
  billed_lines.usage_date,
  billed_lines.repository,
  billed_lines.workflow_path,
  billed_lines.sku
limit (select period.top from period);
