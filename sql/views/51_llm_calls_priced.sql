-- What each call cost: as its log reported it, and by the price list of its day.
-- Left out of the list cost are discounts for batches, prices that rise with a prompt's length, and
-- what is not billed by tokens, such as web searches.
create view llm_calls_priced as
with price_periods as (
  select
    model,
    provider,
    input_per_mtok,
    output_per_mtok,
    coalesce(cache_read_per_mtok, input_per_mtok) as cache_read_per_mtok,
    coalesce(cache_write_per_mtok, input_per_mtok) as cache_write_per_mtok,
    coalesce(cache_write_1h_per_mtok, cache_write_per_mtok, input_per_mtok)
      as cache_write_1h_per_mtok,
    effective_from::timestamp at time zone 'UTC' as began_at,
    lead(effective_from) over (
      partition by model, provider
      order by effective_from
    )::timestamp at time zone 'UTC' as ended_at
  from llm_prices
),
model_prices as (
  select
    llm_model_prices.provider,
    llm_model_prices.model,
    llm_model_prices.price_model,
    price_periods.input_per_mtok,
    price_periods.output_per_mtok,
    price_periods.cache_read_per_mtok,
    price_periods.cache_write_per_mtok,
    price_periods.cache_write_1h_per_mtok,
    price_periods.began_at,
    price_periods.ended_at
  from llm_model_prices
  join price_periods
    on price_periods.model = llm_model_prices.price_model
    and price_periods.provider = llm_model_prices.price_provider
),
calls as (
  select
    llm_calls.source,
    llm_calls.call_id,
    llm_calls.timestamp,
    llm_calls.session_id,
    llm_calls.prompt_name,
    llm_calls.phase,
    llm_calls.provider,
    llm_calls.model,
    llm_calls.input_tokens,
    llm_calls.output_tokens,
    llm_calls.total_tokens,
    llm_calls.cache_read_tokens,
    llm_calls.cache_write_tokens,
    llm_calls.cache_write_1h_tokens,
    llm_calls.reasoning_tokens,
    llm_calls.estimated_cost,
    llm_calls.success,
    llm_calls.error_message,
    llm_calls.duration_ms,
    llm_calls.api_calls,
    llm_calls.github_run_id,
    llm_calls.github_run_attempt,
    model_prices.price_model,
    case
      when llm_calls.input_tokens is not null
        then (
          greatest(
            llm_calls.input_tokens
            - coalesce(llm_calls.cache_read_tokens, 0)
            - coalesce(llm_calls.cache_write_tokens, 0),
            0
          ) * model_prices.input_per_mtok
          + coalesce(llm_calls.cache_read_tokens, 0) * model_prices.cache_read_per_mtok
          + greatest(
            coalesce(llm_calls.cache_write_tokens, 0)
            - coalesce(llm_calls.cache_write_1h_tokens, 0),
            0
          ) * model_prices.cache_write_per_mtok
          + coalesce(llm_calls.cache_write_1h_tokens, 0) * model_prices.cache_write_1h_per_mtok
        ) / 1000000
    end as input_list_cost,
    llm_calls.input_tokens * model_prices.input_per_mtok / 1000000 as uncached_input_list_cost,
    -- Nobody reports the output of an embedding, which has none and whose price for it is 0.
    case
      when model_prices.output_per_mtok = 0 then 0
      else llm_calls.output_tokens * model_prices.output_per_mtok / 1000000
    end as output_list_cost
  from llm_calls
  left join model_prices
    on model_prices.model = llm_calls.model
    and model_prices.provider = coalesce(llm_calls.provider, '')
    and llm_calls.timestamp >= model_prices.began_at
    and (model_prices.ended_at is null or llm_calls.timestamp < model_prices.ended_at)
)
select
  source,
  call_id,
  timestamp,
  (timestamp at time zone 'UTC')::date as day,
  session_id,
  prompt_name,
  phase,
  provider,
  model,
  input_tokens,
  output_tokens,
  total_tokens,
  cache_read_tokens,
  cache_write_tokens,
  cache_write_1h_tokens,
  reasoning_tokens,
  success,
  error_message,
  case
    when success is not false then null
    when coalesce(error_message, '') = '' then 'not said'
    when error_message ~* '\m529\M|overloaded' then 'overloaded'
    when error_message ~* '\m429\M|rate.?limit|quota' then 'rate limited'
    when error_message ~* '\m(408|504)\M|time.?out|timed out' then 'timeout'
    when error_message ~* '\m(401|403)\M|auth|permission|forbidden' then 'not allowed'
    when error_message ~* '\m5\d\d\M|server.?error|unavailable' then 'server error'
    when error_message ~* '\m4\d\d\M|bad.?request|invalid|not.?found' then 'bad request'
    else 'other'
  end as error_class,
  duration_ms,
  case when api_calls = 1 then duration_ms end as latency_ms,
  api_calls,
  github_run_id,
  github_run_attempt,
  price_model,
  estimated_cost as reported_cost,
  input_list_cost + output_list_cost as list_cost,
  coalesce(estimated_cost, input_list_cost + output_list_cost) as cost,
  uncached_input_list_cost - input_list_cost as cache_saved
from calls;

comment on view llm_calls_priced is
  'One row per call of llm_calls with its cost. Name timestamp in your condition: that makes it fast.';
comment on column llm_calls_priced.source is
  'The kind of log the call was read from; call_id is unique within it.';
comment on column llm_calls_priced.call_id is
  'The call''s own id in its log.';
comment on column llm_calls_priced.timestamp is
  'When the call began.';
comment on column llm_calls_priced.day is
  'The day of created_at in UTC.';
comment on column llm_calls_priced.session_id is
  'The conversation or session of the call; empty where the log has none.';
comment on column llm_calls_priced.prompt_name is
  'The prompt template or task; empty where the log has none.';
comment on column llm_calls_priced.phase is
  'The phase of work the call belongs to, as the log or PHASE says. NULL: neither says.';
comment on column llm_calls_priced.provider is
  'Who served the model, as the log names it. NULL: not reported.';
comment on column llm_calls_priced.model is
  'The model, as the provider names it. NULL: not reported.';
comment on column llm_calls_priced.input_tokens is
  'The whole prompt, cache reads and cache writes included. NULL: not reported.';
comment on column llm_calls_priced.output_tokens is
  'The whole answer, reasoning included. NULL: not reported.';
comment on column llm_calls_priced.total_tokens is
  'input_tokens + output_tokens. NULL where either is NULL.';
comment on column llm_calls_priced.cache_read_tokens is
  'Part of input_tokens that came from a cache. NULL: not reported.';
comment on column llm_calls_priced.cache_write_tokens is
  'Part of input_tokens that was written to a cache. NULL: not reported.';
comment on column llm_calls_priced.cache_write_1h_tokens is
  'Part of cache_write_tokens that was written to be kept for an hour. NULL: not reported.';
comment on column llm_calls_priced.reasoning_tokens is
  'Part of output_tokens that the model spent on reasoning. NULL: not reported.';
comment on column llm_calls_priced.success is
  'False where the call failed. NULL: not reported.';
comment on column llm_calls_priced.error_message is
  'Why the call failed, as the log says it. NULL: it did not fail, or the log gives no reason.';
comment on column llm_calls_priced.error_class is
  'Of a failed call: rate limited, overloaded, timeout, not allowed, server error, bad request, other, or not said; by its error message. NULL: it did not fail.';
comment on column llm_calls_priced.duration_ms is
  'Milliseconds the call took. NULL: not reported.';
comment on column llm_calls_priced.latency_ms is
  'Milliseconds of a row that stands for one request. NULL: of several, or not reported.';
comment on column llm_calls_priced.api_calls is
  'How many requests the row stands for.';
comment on column llm_calls_priced.github_run_id is
  'The workflow run that made the call. NULL: none, or not known.';
comment on column llm_calls_priced.github_run_attempt is
  'The attempt of that run. NULL: not known.';
comment on column llm_calls_priced.price_model is
  'The model in llm_prices whose price was taken. NULL: no price of that day is known.';
comment on column llm_calls_priced.reported_cost is
  'US dollars as the log reported them, to six decimals (estimated_cost). NULL: not reported.';
comment on column llm_calls_priced.list_cost is
  'US dollars by the price list of the day, not rounded. NULL: no price, or tokens not reported.';
comment on column llm_calls_priced.cost is
  'reported_cost, else list_cost. NULL: neither is known; such calls count nowhere as 0.';
comment on column llm_calls_priced.cache_saved is
  'US dollars that reading from the cache saved, less what writing to it cost, by the price list. NULL: as list_cost of the input.';
