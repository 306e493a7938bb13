-- Which prompts cost the most this week, and what did they cost the week before?
-- The 50 dearest of the last 7 days beside the 7 days before, by repository and prompt; days begin
-- and end at this hour. Calls that name no prompt are one row each repository. runs are those that
-- left a log with the prompt. Calls of no known cost are unpriced and in no sum: a change is told
-- only where both weeks have a cost, and says little where one has unpriced calls.
--   psql "$DATABASE_URL" -f sql/analysis/llm_dearest_prompts.sql
with calls as (
  select
    attempts.repository_id,
    attempts.repository,
    nullif(llm_calls_priced.prompt_name, '') as prompt,
    llm_calls_priced.timestamp >= now() - interval '7 days' as is_this_week,
    llm_calls_priced.github_run_id,
    llm_calls_priced.api_calls,
    llm_calls_priced.input_tokens,
    llm_calls_priced.cost
  from llm_calls_priced
  left join attempts
    on attempts.github_run_id = llm_calls_priced.github_run_id
    and attempts.run_attempt = coalesce(llm_calls_priced.github_run_attempt, 1)
  where llm_calls_priced.timestamp >= now() - interval '14 days'
),
sums as (
  select
    repository,
    prompt,
    count(distinct github_run_id) filter (where is_this_week) as runs,
    count(distinct github_run_id) filter (where not is_this_week) as runs_before,
    coalesce(sum(api_calls) filter (where is_this_week), 0) as calls,
    coalesce(sum(api_calls) filter (where not is_this_week), 0) as calls_before,
    sum(cost) filter (where is_this_week) as cost,
    sum(cost) filter (where not is_this_week) as cost_before,
    count(*) filter (where is_this_week and cost is null) as unpriced,
    count(*) filter (where not is_this_week and cost is null) as unpriced_before
  from calls
  group by
    repository_id,
    repository,
    prompt
)
select
  repository,
  prompt,
  runs,
  runs_before,
  calls,
  calls_before,
  round(cost, 4) as cost_usd,
  round(cost_before, 4) as cost_before_usd,
  round(100 * (cost - cost_before) / nullif(cost_before, 0), 1) as change_percent,
  round(cost / nullif(runs, 0), 4) as cost_per_run_usd,
  round(cost_before / nullif(runs_before, 0), 4) as cost_per_run_before_usd,
  unpriced,
  unpriced_before
from sums
order by
  cost_usd desc nulls last,
  cost_before_usd desc nulls last,
  repository,
  prompt
limit 50;
