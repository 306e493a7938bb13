-- What do LLM calls cost for each head commit?
-- The most expensive commits come first; each includes all its runs and attempts. commit is the
-- beginning of its SHA. The row without a repository holds the calls of no run, and of runs that
-- are not stored or were created before the period. Cost is what the logs report (reported_usd),
-- else the list price, which is between cost_low_usd and cost_high_usd. Calls without a known cost
-- are counted as unpriced and not included. attempts counts the attempts of workflows that left a
-- log of LLM calls in the period; attempts_with_log counts those of them that left one. The cost of
-- the others is not known.
--   psql "$DATABASE_URL" -f sql/analysis/llm_cost_by_commit.sql
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
    sum(cost) as cost,
    sum(reported_cost) as reported_cost,
    sum(cost_low) as cost_low,
    sum(cost_high) as cost_high,
    coalesce(sum(api_calls) filter (where cost is null), 0) as unpriced
  from llm_calls_priced
  cross join period
  where timestamp >= period.since
    and timestamp < period.until
    and (period.repository_ids is null or coalesce(repository_id, 0) = any(period.repository_ids))
  group by
    github_run_id,
    run_attempt
),
recent_attempts as (
  select
    github_run_id,
    run_attempt,
    repository_id,
    repository,
    branch,
    commit_sha,
    count(spendings.calls) over (partition by repository_id, workflow_id) > 0 as is_of_agent
  from attempts
  cross join period
  left join spendings using (github_run_id, run_attempt)
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
)
select
  recent_attempts.repository,
  left(recent_attempts.commit_sha, 12) as commit,
  round(sum(spendings.cost), 4) as cost_usd,
  count(recent_attempts.github_run_id) as attempts,
  count(recent_attempts.github_run_id) filter (where spendings.calls > 0) as attempts_with_log,
  coalesce(sum(spendings.unpriced), 0)::bigint as unpriced,
  sum(spendings.calls)::bigint as calls,
  count(distinct recent_attempts.github_run_id) as runs,
  string_agg(distinct recent_attempts.branch, ', ') as branches,
  round(sum(spendings.reported_cost), 4) as reported_usd,
  round(sum(spendings.cost_low), 4) as cost_low_usd,
  round(sum(spendings.cost_high), 4) as cost_high_usd,
  recent_attempts.repository_id
from recent_attempts
full join spendings using (github_run_id, run_attempt)
-- NULL: calls of no attempt of the period.
where recent_attempts.is_of_agent is not false
group by
  recent_attempts.repository_id,
  recent_attempts.repository,
  recent_attempts.commit_sha
order by
  cost_usd desc nulls last,
  calls desc nulls last,
  recent_attempts.repository,
  recent_attempts.commit_sha
limit (select period.top from period);
