-- Which prompts cost the most, and what did they cost in the period before?
-- By repository and prompt, the most expensive first, compared with the period of equal length
-- before. Calls without a prompt share a row for each repository. Calls without a known cost are
-- counted as unpriced and not included. The change is shown only if both periods have a cost;
-- unpriced calls make it unreliable. runs are those that left a log with the prompt.
--   psql "$DATABASE_URL" -f sql/analysis/llm_dearest_prompts.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
sums as (
  select
    repository_id,
    nullif(prompt_name, '') as prompt,
    count(distinct github_run_id) filter (where is_now) as runs,
    count(distinct github_run_id) filter (where not is_now) as runs_before,
    coalesce(sum(api_calls) filter (where is_now), 0) as calls,
    coalesce(sum(api_calls) filter (where not is_now), 0) as calls_before,
    sum(cost) filter (where is_now) as cost,
    sum(cost) filter (where not is_now) as cost_before,
    coalesce(sum(api_calls) filter (where is_now and cost is null), 0) as unpriced,
    coalesce(sum(api_calls) filter (where not is_now and cost is null), 0)
      as unpriced_before
  from llm_calls_priced
  cross join period
  cross join lateral (select timestamp >= period.since as is_now) as kinds
  where timestamp >= period.since - (period.until - period.since)
    and timestamp < period.until
    and (period.repository_ids is null or coalesce(repository_id, 0) = any(period.repository_ids))
  group by
    repository_id,
    prompt
)
select
  repository_names.repository,
  prompt,
  round(cost, 4) as cost_usd,
  round(cost_before, 4) as cost_before_usd,
  round(100 * (cost - cost_before) / nullif(cost_before, 0), 1) as change_percent,
  unpriced,
  unpriced_before,
  runs,
  runs_before,
  calls,
  calls_before,
  round(cost / nullif(runs, 0), 4) as cost_per_run_usd,
  round(cost_before / nullif(runs_before, 0), 4) as cost_per_run_before_usd,
  sums.repository_id
from sums
left join repository_names using (repository_id)
order by
  cost_usd desc nulls last,
  cost_before_usd desc nulls last,
  repository_names.repository,
  prompt
limit (select period.top from period);
