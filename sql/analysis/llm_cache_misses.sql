-- Where is the cache missed, and what does that cost?
-- The 50 prompts that lost the most in the last 30 days, by workflow, prompt and model. Only calls
-- whose log tells of a cache: calls_without_word are the others. missed_usd is what the input that
-- did not come from the cache cost more than if all of it had, by the price list; what is asked for
-- the first time cannot come from there, so it is the most that can be saved. unpriced calls are in
-- no sum of dollars. The workflow is that of the run, where it is stored.
--   psql "$DATABASE_URL" -f sql/analysis/llm_cache_misses.sql
select
  attempts.repository,
  attempts.workflow,
  nullif(llm_calls_priced.prompt_name, '') as prompt,
  coalesce(llm_calls_priced.price_model, llm_calls_priced.model) as model,
  coalesce(
    sum(llm_calls_priced.api_calls) filter (where llm_calls_priced.cache_read_tokens is not null), 0
  ) as calls,
  coalesce(
    sum(llm_calls_priced.api_calls) filter (where llm_calls_priced.cache_read_tokens is null), 0
  ) as calls_without_word,
  round(
    100 * sum(llm_calls_priced.cache_read_tokens)
    / nullif(
      sum(llm_calls_priced.input_tokens) filter (
        where llm_calls_priced.cache_read_tokens is not null
      ),
      0
    ),
    1
  ) as hit_percent,
  round(
    sum(llm_calls_priced.cache_missed) filter (
      where llm_calls_priced.cache_read_tokens is not null
    ),
    4
  ) as missed_usd,
  round(sum(llm_calls_priced.cache_saved), 4) as saved_usd,
  count(*) filter (where llm_calls_priced.cache_missed is null) as unpriced
from llm_calls_priced
left join attempts
  on attempts.github_run_id = llm_calls_priced.github_run_id
  and attempts.run_attempt = coalesce(llm_calls_priced.github_run_attempt, 1)
where llm_calls_priced.timestamp >= now() - interval '30 days'
group by
  attempts.repository_id,
  attempts.repository,
  attempts.workflow_id,
  attempts.workflow,
  nullif(llm_calls_priced.prompt_name, ''),
  coalesce(llm_calls_priced.price_model, llm_calls_priced.model)
order by
  missed_usd desc nulls last,
  calls desc,
  attempts.repository,
  attempts.workflow,
  prompt,
  model
limit 50;
