-- What did the runners cost at list price, by kind of runner?
-- sku is NULL for labels that nobody gave a kind; label says which. unpriced_jobs have a length but
-- no price, unmeasured_jobs no length: neither is in list_cost_usd.
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/costs.sql
select
  sku,
  case when sku is null then label end as label,
  count(*) as jobs,
  sum(minutes)::bigint as minutes,
  sum(list_cost_usd) as list_cost_usd,
  count(*) filter (where minutes is not null and list_cost_usd is null) as unpriced_jobs,
  count(*) filter (where minutes is null) as unmeasured_jobs
from job_costs
where repository_id = :'repository_id'::bigint
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
group by
  sku,
  case when sku is null then label end
order by
  list_cost_usd desc nulls last,
  minutes desc nulls last,
  sku,
  label;
