-- What do workflows spend on LLM calls, and how much of it in failed runs and re-runs?
-- Cost is what the logs report (reported_usd), else the list price, which is between cost_low_usd
-- and cost_high_usd. Calls without a known cost are counted as unpriced and not included. Calls
-- that name a run but no attempt count for its first stored one. The row without a workflow holds
-- calls of no run, and of runs that are not stored or were created before the period; it has no
-- cost per run. run_minutes are those of attempts that made calls.
--   psql "$DATABASE_URL" -f sql/analysis/llm_cost_by_workflow.sql
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
    sum(api_calls) as calls,
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
  group by
    github_run_id,
    run_attempt
)
select
  attempts.repository,
  attempts.workflow,
  round(sum(spendings.cost), 4) as cost_usd,
  round(
    sum(spendings.cost) / nullif(count(distinct attempts.github_run_id), 0),
    4
  ) as cost_per_run_usd,
  round(sum(spendings.cost) filter (where attempts.is_red), 4) as failed_usd,
  round(sum(spendings.cost) filter (where attempts.is_rerun), 4) as rerun_usd,
  count(distinct spendings.github_run_id) as runs,
  sum(spendings.calls)::bigint as calls,
  round(sum(attempts.duration_seconds) / 60.0, 2) as run_minutes,
  sum(spendings.unpriced)::bigint as unpriced,
  round(sum(spendings.reported_cost), 4) as reported_usd,
  round(sum(spendings.cost_low), 4) as cost_low_usd,
  round(sum(spendings.cost_high), 4) as cost_high_usd,
  attempts.workflow_id,
  attempts.repository_id
from spendings
cross join period
left join attempts
  on attempts.github_run_id = spendings.github_run_id
  and attempts.run_attempt = spendings.run_attempt
  and attempts.created_at >= period.since
group by
  attempts.repository_id,
  attempts.repository,
  attempts.workflow_id,
  attempts.workflow
order by
  cost_usd desc nulls last,
  attempts.repository,
  attempts.workflow
limit (select period.top from period);
