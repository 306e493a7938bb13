-- What do the runners cost, by repository, workflow and kind of runner?
-- GitHub's list price of all jobs that ran in the last 30 days, cancelled ones and re-runs too,
-- each rounded up to minutes: before included minutes, and as if every repository were private,
-- because standard runners are free for public ones. sku NULL: the label has no price, see
-- unpriced_runner_labels.sql; self_hosted: a runner of your own, which GitHub does not bill.
-- unpriced_jobs are not in list_cost_usd.
--   psql "$DATABASE_URL" -f sql/analysis/runner_cost.sql
select
  repository,
  workflow,
  sku,
  count(*) as jobs,
  sum(minutes)::bigint as minutes,
  sum(billable_minutes)::bigint as billable_minutes,
  round(sum(list_cost_usd), 2) as list_cost_usd,
  round(100 * sum(list_cost_usd) / nullif(sum(sum(list_cost_usd)) over (), 0), 1)
    as share_percent,
  count(*) filter (where list_cost_usd is null) as unpriced_jobs
from job_costs
where created_at >= now() - interval '30 days'
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  sku
order by
  list_cost_usd desc nulls last,
  minutes desc nulls last,
  repository,
  workflow,
  sku;
