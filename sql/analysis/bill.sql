-- What does GitHub bill, and why does that differ from what the stored jobs cost?
-- From the usage reports that make bill has loaded, by month. The first line is what the stored
-- jobs would cost by the price list if none were free. Each line below it is a cause of a
-- difference. The last line is the sum: what GitHub bills. The first line with free rule is the
-- cost that the report shows. Days that no usage report covers are left out, and so are runners
-- that GitHub does not bill: your own, and those whose SKU only your RUNNER_PRICES has. A usage
-- report older than 2025 has no discounts: it is compared before included minutes. unexplained is
-- what no cause explains; bill_lines.sql says where. lines are days, SKUs, repositories and
-- workflows to which a cause applies.
--   psql "$DATABASE_URL" -f sql/analysis/bill.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
lines as (
  select
    to_char(usage_date, 'YYYY-MM') as month,
    items.place,
    items.item,
    items.usd
  from billed_lines
  cross join period
  cross join lateral (
    values
      (1, 'stored jobs by the price list', list_usd),
      (2, 'free rule', free_rule_usd),
      (3, 'included minutes', included_minutes_usd),
      (4, 'larger-runner discount', larger_runner_discount_usd),
      (5, 'rounding', rounding_usd),
      (6, 'job without a label', job_without_label_usd),
      (7, 'run not stored', run_not_stored_usd),
      (8, 'job still pending', job_pending_usd),
      (9, 'storage', storage_usd),
      (10, 'not Actions', not_actions_usd),
      (11, 'unexplained', unexplained_usd),
      (12, 'billed by GitHub', net_amount)
  ) as items (place, item, usd)
  where usage_date >= (period.since at time zone 'UTC')::date
    and usage_date::timestamp at time zone 'UTC' < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
)
select
  month,
  item,
  sum(usd) as usd,
  count(*) filter (where usd <> 0) as lines
from lines
group by
  month,
  place,
  item
order by
  month,
  place;
