-- Every kind of runner that a label stands for has a price.
-- Jobs of a kind without one have no cost, even if their label is known. A row is a kind of runner
-- in runner_labels that runner_prices does not have.
--   psql "$DATABASE_URL" -f sql/checks/runner_labels_have_a_price.sql
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
  runner_labels.sku,
  min(runner_labels.label) as label,
  count(*) as labels
from runner_labels
cross join period
left join runner_prices using (sku)
where runner_prices.sku is null
group by runner_labels.sku
order by runner_labels.sku
limit (select period.top from period);
