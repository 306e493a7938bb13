-- Which runners have no price, so that their jobs are missing from the cost?
-- If sku is NULL, the label is in no list of labels. Add it to a file of your own with the lines
-- label,sku and my-label,linux_8_core (self_hosted for your own runner), and ingest with
-- RUNNER_LABELS=that-file. A label with * in place of an ending is made for each run: give a sku to
-- its group, in a line for group: and the group's name in lower case. If sku is known, it had no
-- price on the days of these jobs. Add one to a file with sku,effective_from,usd_per_minute and
-- ingest with RUNNER_PRICES=that-file.
--   psql "$DATABASE_URL" -f sql/analysis/unpriced_runner_labels.sql
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
  coalesce(labels_of_one_run.runner_label, job_costs.label) as label,
  sku,
  runner_group_name,
  min(runner_name) as a_runner,
  count(*) as jobs,
  sum(minutes)::bigint as minutes,
  (max(started_at) at time zone max(period.time_zone))::date as last_used_on
from job_costs
cross join period
left join labels_of_one_run using (labels)
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
  and list_cost_usd is null
  and minutes is not null
group by
  coalesce(labels_of_one_run.runner_label, job_costs.label),
  sku,
  runner_group_name
order by
  minutes desc,
  jobs desc,
  label
limit (select period.top from period);
