-- Which workflow runs spend the most on LLM calls?
-- The most expensive attempts come first. An attempt that is not stored has no workflow. Calls that
-- name a run but no attempt count for its first stored one. Cost is what the logs report
-- (reported_usd), else the list price, which is between cost_low_usd and cost_high_usd. Calls
-- without a known cost are counted as unpriced and not included. A log's row of several calls
-- counts as these, but fails once.
--   psql "$DATABASE_URL" -f sql/analysis/llm_cost_of_runs.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
spendings as (
  select
    github_run_id,
    run_attempt,
    min(timestamp) as first_call_at,
    sum(api_calls) as calls,
    sum(total_tokens)::bigint as total_tokens,
    count(*) filter (where success is false) as failed_calls,
    coalesce(sum(api_calls) filter (where cost is null), 0) as unpriced,
    sum(cost) as cost,
    sum(reported_cost) as reported_cost,
    sum(cost_low) as cost_low,
    sum(cost_high) as cost_high
  from llm_calls_priced
  cross join period
  where timestamp >= period.since
    and timestamp < period.until
    and (period.repository_ids is null or coalesce(repository_id, 0) = any(period.repository_ids))
    and github_run_id is not null
  group by
    github_run_id,
    run_attempt
)
select
  repository_names.repository,
  workflow_names.workflow,
  spendings.github_run_id,
  spendings.run_attempt,
  round(spendings.cost, 4) as cost_usd,
  workflow_runs.conclusion,
  spendings.calls,
  round(workflow_runs.duration_seconds / 60.0, 2) as run_minutes,
  spendings.first_call_at,
  spendings.failed_calls,
  spendings.total_tokens,
  round(spendings.reported_cost, 4) as reported_usd,
  round(spendings.cost_low, 4) as cost_low_usd,
  round(spendings.cost_high, 4) as cost_high_usd,
  spendings.unpriced,
  workflow_runs.workflow_id,
  workflow_runs.repository_id
from spendings
left join workflow_runs using (github_run_id, run_attempt)
left join repository_names using (repository_id)
left join workflow_names using (repository_id, workflow_id)
order by
  cost_usd desc nulls last,
  spendings.github_run_id,
  spendings.run_attempt
limit (select period.top from period);
