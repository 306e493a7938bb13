-- How much of the input comes from a cache, and what does that save?
-- By model. Saved is what cache reads cost less than fresh input, minus what cache writes cost
-- more, by the price list; it is negative if little is read again. The shares read and written are
-- of all input, including that of logs which report no cache. saved_percent is the saved share of
-- the cost without a cache, for calls with a list cost. unpriced calls have no list cost.
--   psql "$DATABASE_URL" -f sql/analysis/llm_cache_savings.sql
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
  coalesce(price_model, model) as model,
  round(sum(cache_saved), 4) as saved_usd,
  round(
    100 * sum(cache_saved) filter (where list_cost is not null)
    / nullif(sum(list_cost + cache_saved), 0),
    4
  ) as saved_percent,
  round(sum(list_cost), 4) as list_cost_usd,
  sum(input_tokens)::bigint as input_tokens,
  round(100 * sum(cache_read_tokens) / nullif(sum(input_tokens), 0), 4) as read_percent,
  round(100 * sum(cache_write_tokens) / nullif(sum(input_tokens), 0), 4) as written_percent,
  coalesce(sum(api_calls) filter (where list_cost is null), 0) as unpriced
from llm_calls_priced
cross join period
where timestamp >= period.since
  and timestamp < period.until
  and (period.repository_ids is null or coalesce(repository_id, 0) = any(period.repository_ids))
  and input_tokens is not null
group by coalesce(price_model, model)
order by
  saved_usd desc nulls last,
  input_tokens desc,
  model
limit (select period.top from period);
