-- Where is the cache missed, and what does that cost?
-- By workflow (that of the run, if stored), prompt and model; the largest loss comes first. Only
-- calls whose log reports a cache; the others are calls_without_word. missed_usd is the extra cost
-- of input that did not come from the cache, by the price list. It is an upper bound of the
-- savings, because new input cannot come from the cache. It does not include unpriced calls.
--   psql "$DATABASE_URL" -f sql/analysis/llm_cache_misses.sql
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
  attempts.repository,
  attempts.workflow,
  nullif(calls.prompt_name, '') as prompt,
  coalesce(calls.price_model, calls.model) as model,
  round(sum(calls.cache_missed) filter (where calls.cache_read_tokens is not null), 4)
    as missed_usd,
  round(
    100 * sum(calls.cache_read_tokens) filter (where calls.input_tokens is not null)
    / nullif(sum(calls.input_tokens) filter (where calls.cache_read_tokens is not null), 0),
    4
  ) as hit_percent,
  round(sum(calls.cache_saved) filter (where calls.cache_read_tokens is not null), 4)
    as saved_usd,
  coalesce(
    sum(calls.api_calls) filter (
      where calls.cache_read_tokens is not null
        and calls.cache_missed is null
    ),
    0
  ) as unpriced,
  coalesce(sum(calls.api_calls) filter (where calls.cache_read_tokens is not null), 0) as calls,
  coalesce(sum(calls.api_calls) filter (where calls.cache_read_tokens is null), 0)
    as calls_without_word,
  attempts.workflow_id,
  attempts.repository_id
from llm_calls_priced as calls
left join attempts
  on attempts.github_run_id = calls.github_run_id
  and attempts.is_latest_attempt
cross join period
where calls.timestamp >= period.since
  and calls.timestamp < period.until
  and (
    period.repository_ids is null
    or coalesce(calls.repository_id, 0) = any(period.repository_ids)
  )
group by
  attempts.repository_id,
  attempts.repository,
  attempts.workflow_id,
  attempts.workflow,
  nullif(calls.prompt_name, ''),
  coalesce(calls.price_model, calls.model)
order by
  missed_usd desc nulls last,
  calls desc,
  attempts.repository,
  attempts.workflow,
  prompt,
  model
limit (select period.top from period);
