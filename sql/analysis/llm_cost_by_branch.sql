-- What do LLM calls cost on each branch?
-- The 50 dearest branches of the last 30 days. attempts are those of workflows that left a log of
-- LLM calls in these days, attempts_with_log those among them that left one: what the others cost
-- is not known. Cost is what the logs reported (reported_usd), else what the price list says; with
-- the latter it lies between cost_low_usd and cost_high_usd. Calls of no known cost are unpriced
-- and in no sum. The row without a repository holds the calls of no run, or of one that is not
-- stored or is older.
--   psql "$DATABASE_URL" -f sql/analysis/llm_cost_by_branch.sql
with spendings as (
  select
    github_run_id,
    coalesce(github_run_attempt, 1) as run_attempt,
    sum(api_calls) as calls,
    sum(cost) as cost,
    sum(reported_cost) as reported_cost,
    sum(cost_low) as cost_low,
    sum(cost_high) as cost_high,
    count(*) filter (where cost is null) as unpriced
  from llm_calls_priced
  where timestamp >= now() - interval '30 days'
  group by
    github_run_id,
    coalesce(github_run_attempt, 1)
),
recent_attempts as (
  select
    github_run_id,
    run_attempt,
    repository_id,
    repository,
    workflow_id,
    branch,
    branch_class
  from attempts
  where created_at >= now() - interval '30 days'
),
agent_workflows as (
  select distinct
    repository_id,
    workflow_id
  from recent_attempts
  inner join spendings using (github_run_id, run_attempt)
),
agent_attempts as (
  select
    recent_attempts.github_run_id,
    recent_attempts.run_attempt,
    recent_attempts.repository_id,
    recent_attempts.repository,
    recent_attempts.branch,
    recent_attempts.branch_class
  from recent_attempts
  inner join agent_workflows
    on agent_workflows.repository_id is not distinct from recent_attempts.repository_id
    and agent_workflows.workflow_id is not distinct from recent_attempts.workflow_id
)
select
  agent_attempts.repository,
  agent_attempts.branch,
  agent_attempts.branch_class,
  count(agent_attempts.github_run_id) as attempts,
  count(agent_attempts.github_run_id) filter (where spendings.calls > 0) as attempts_with_log,
  sum(spendings.calls)::bigint as calls,
  round(sum(spendings.cost), 4) as cost_usd,
  round(sum(spendings.reported_cost), 4) as reported_usd,
  round(sum(spendings.cost_low), 4) as cost_low_usd,
  round(sum(spendings.cost_high), 4) as cost_high_usd,
  coalesce(sum(spendings.unpriced), 0)::bigint as unpriced
from agent_attempts
full join spendings
  on spendings.github_run_id = agent_attempts.github_run_id
  and spendings.run_attempt = agent_attempts.run_attempt
group by
  agent_attempts.repository_id,
  agent_attempts.repository,
  agent_attempts.branch,
  agent_attempts.branch_class
order by
  cost_usd desc nulls last,
  calls desc nulls last,
  agent_attempts.repository,
  agent_attempts.branch
limit 50;
