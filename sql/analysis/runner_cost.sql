-- What do the runners cost, by repository, workflow and kind of runner?
-- GitHub's list price of all jobs that ran, including cancelled ones and re-runs, each rounded up
-- to minutes, before included minutes. sku is NULL if the kind of runner is unknown; label then has
-- the label, see unpriced_runner_labels.sql. self_hosted is your own runner, which GitHub does not
-- bill. list_cost_usd includes neither unpriced_jobs (a length but no price) nor unmeasured_jobs
-- (no length). It includes free_jobs as 0: standard runners in public repositories, GitHub's own
-- workflows such as Pages and Dependabot, and your own runners if you gave them no price.
-- assumed_private_jobs are jobs on standard runners in repositories of unknown visibility; they are
-- priced as in private ones. unsourced_jobs have a price that is on no known page of GitHub.
-- list_cost_usd_before is for the period of equal length before, without unpriced_before, its jobs
-- of unknown cost; a row that ran only then has 0 jobs.
--   psql "$DATABASE_URL" -f sql/analysis/runner_cost.sql
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
  repository,
  workflow,
  sku,
  case when sku is null then coalesce(labels_of_one_run.runner_label, job_costs.label) end as label,
  sum(list_cost_usd) filter (where is_now) as list_cost_usd,
  sum(list_cost_usd) filter (where not is_now) as list_cost_usd_before,
  round(
    100 * sum(list_cost_usd) filter (where is_now)
    / nullif(sum(sum(list_cost_usd) filter (where is_now)) over (), 0),
    4
  ) as share_percent,
  count(*) filter (where is_now) as jobs,
  sum(minutes) filter (where is_now)::bigint as minutes,
  sum(billable_minutes) filter (where is_now)::bigint as billable_minutes,
  count(*) filter (where is_now and minutes is not null and list_cost_usd is null)
    as unpriced_jobs,
  count(*) filter (where is_now and minutes is null) as unmeasured_jobs,
  count(*) filter (where is_now and free_because is not null) as free_jobs,
  count(*) filter (where is_now and list_cost_usd > 0 and is_standard and is_private is null)
    as assumed_private_jobs,
  count(*) filter (where is_now and list_cost_usd > 0 and price_source is null) as unsourced_jobs,
  count(*) filter (where not is_now and list_cost_usd is null) as unpriced_before,
  workflow_id,
  repository_id
from job_costs
cross join period
cross join lateral (select created_at >= period.since as is_now) as kinds
left join labels_of_one_run
  on labels_of_one_run.labels = job_costs.labels
  and job_costs.sku is null
where created_at >= period.since - (period.until - period.since)
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  sku,
  case when sku is null then coalesce(labels_of_one_run.runner_label, job_costs.label) end
order by
  list_cost_usd desc nulls last,
  minutes desc nulls last,
  repository,
  workflow,
  sku,
  label
limit (select period.top from period);
