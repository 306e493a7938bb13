-- The parts of an LLM call's tokens lie within their total.
-- Input includes cache reads and cache writes; cache writes include those kept for an hour; output
-- includes reasoning. New rows cannot break this; rows stored before the rule can. A row is a call
-- whose parts exceed its total.
--   psql "$DATABASE_URL" -f sql/checks/llm_tokens_lie_within_their_total.sql
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
  source,
  call_id,
  timestamp,
  input_tokens,
  output_tokens,
  cache_read_tokens,
  cache_write_tokens,
  cache_write_1h_tokens,
  cache_write_12h_tokens,
  reasoning_tokens
from llm_calls
cross join period
where timestamp >= period.since
  and timestamp < period.until
  and (
    coalesce(cache_read_tokens, 0) + coalesce(cache_write_tokens, 0) > input_tokens
    or coalesce(cache_write_1h_tokens, 0) + coalesce(cache_write_12h_tokens, 0)
      > coalesce(cache_write_tokens, 0)
    or reasoning_tokens > output_tokens
    or least(
      input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens,
      cache_write_12h_tokens, reasoning_tokens
    ) < 0
  )
order by
  timestamp,
  source,
  call_id
limit (select period.top from period);
