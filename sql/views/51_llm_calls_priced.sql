-- The cost of each call: as reported by its log, and by the price list at its time.
-- list_cost uses the details in the log: tier, region, length of the prompt, hour, duration of the
-- cache, searches. For missing details it assumes the usual case (standard tier, no region, short
-- prompt, the shorter cache); list_cost_low and list_cost_high are the cheapest and the most
-- expensive cases.
create view llm_calls_priced as
select
  calls.source,
  calls.call_id,
  calls.timestamp,
  (calls.timestamp at time zone 'UTC')::date as day,
  calls.session_id,
  calls.prompt_name,
  calls.phase,
  calls.provider,
  calls.model,
  calls.input_tokens,
  calls.output_tokens,
  calls.total_tokens,
  calls.cache_read_tokens,
  calls.cache_write_tokens,
  calls.cache_write_1h_tokens,
  calls.cache_write_12h_tokens,
  calls.reasoning_tokens,
  calls.service_tier,
  calls.inference_geo,
  calls.web_search_requests,
  calls.success,
  calls.error_message,
  case
    when calls.success is not false then null
    when coalesce(calls.error_message, '') = '' then 'not said'
    when calls.error_message ~* '\m529\M|overloaded' then 'overloaded'
    when calls.error_message ~* '\m429\M|rate.?limit|quota' then 'rate limited'
    when calls.error_message ~* '\m(408|504)\M|time.?out|timed out' then 'timeout'
    when calls.error_message ~* '\m(401|403)\M|auth|permission|forbidden' then 'not allowed'
    when calls.error_message ~* '\m5\d\d\M|server.?error|unavailable' then 'server error'
    when calls.error_message ~* '\m4\d\d\M|bad.?request|invalid|not.?found' then 'bad request'
    else 'other'
  end as error_class,
  calls.duration_ms,
  case when not shape.is_many then calls.duration_ms end as latency_ms,
  calls.api_calls,
  calls.github_run_id,
  calls.github_run_attempt,
  coalesce(
    calls.github_run_attempt,
    (
      select min(workflow_runs.run_attempt)
      from workflow_runs
      where workflow_runs.github_run_id = calls.github_run_id
    ),
    1
  ) as run_attempt,
  (
    select max(workflow_runs.repository_id)
    from workflow_runs
    where workflow_runs.github_run_id = calls.github_run_id
  ) as repository_id,
  llm_model_prices.price_model,
  shape.reported_cost,
  listed.list_cost,
  listed.list_cost_low,
  listed.list_cost_high,
  coalesce(shape.reported_cost, listed.list_cost) as cost,
  coalesce(shape.reported_cost, listed.list_cost_low) as cost_low,
  coalesce(shape.reported_cost, listed.list_cost_high) as cost_high,
  case
    when shape.reported_cost is not null or listed.list_cost is not null then null
    when calls.model is null then 'the log names no model'
    when llm_model_prices.price_model is null
      then 'not in the price list, or not from this provider'
    when prices.model is null then 'no price of that day and tier'
    when calls.input_tokens is null or calls.output_tokens is null then 'the log lacks token counts'
    else 'no price of web searches'
  end as unpriced_because,
  listed.cache_saved,
  listed.cache_missed
from llm_calls as calls
cross join lateral (
  select
    coalesce(calls.reported_cost, calls.estimated_cost) as reported_cost,
    -- A row of several requests has the time of the first and no length of a prompt.
    calls.api_calls > 1 or calls.is_whole_session as is_many,
    case
      when calls.api_calls > 1 or calls.is_whole_session then 0
      else coalesce(calls.input_tokens, 0)
    end as prompt_tokens
) as shape
left join llm_model_prices
  on llm_model_prices.model = calls.model
  and llm_model_prices.provider = coalesce(calls.provider, '')
left join llm_price_periods as prices
  on prices.model = llm_model_prices.price_model
  and prices.provider = llm_model_prices.price_provider
  and prices.tier = coalesce(calls.service_tier, 'standard')
  and calls.timestamp >= prices.began_at
  and (prices.ended_at is null or calls.timestamp < prices.ended_at)
  and (shape.prompt_tokens > prices.above_input_tokens or prices.above_input_tokens = 0)
  and (shape.prompt_tokens <= prices.until_input_tokens or prices.until_input_tokens is null)
cross join lateral (
  select
    case
      when calls.input_tokens is not null
        then (
          greatest(
            calls.input_tokens
            - coalesce(calls.cache_read_tokens, 0)
            - coalesce(calls.cache_write_tokens, 0),
            0
          ) * prices.input_per_mtok
          + coalesce(calls.cache_read_tokens, 0) * prices.cache_read_per_mtok
          + greatest(
            coalesce(calls.cache_write_tokens, 0)
            - coalesce(calls.cache_write_1h_tokens, 0)
            - coalesce(calls.cache_write_12h_tokens, 0),
            0
          ) * prices.cache_write_per_mtok
          + coalesce(calls.cache_write_1h_tokens, 0) * prices.cache_write_1h_per_mtok
          + coalesce(calls.cache_write_12h_tokens, 0) * prices.cache_write_12h_per_mtok
        ) / 1000000
    end as input_cost,
    calls.input_tokens * prices.input_per_mtok / 1000000 as uncached_input_cost,
    calls.input_tokens * prices.cache_read_per_mtok / 1000000 as wholly_cached_input_cost,
    -- Embeddings have no output, so logs do not report it, and its price is 0.
    case
      when prices.output_per_mtok = 0 then 0
      else calls.output_tokens * prices.output_per_mtok / 1000000
    end as output_cost,
    -- The extra cost of cache writes if they are kept as long as possible.
    case
      when coalesce(calls.cache_write_1h_tokens, calls.cache_write_12h_tokens) is null
        then coalesce(calls.cache_write_tokens, 0)
          * (
            greatest(
              prices.cache_write_per_mtok,
              prices.cache_write_1h_per_mtok,
              prices.cache_write_12h_per_mtok
            )
            - prices.cache_write_per_mtok
          ) / 1000000
      else 0
    end as longer_cache_cost,
    case
      when calls.web_search_requests > 0
        then calls.web_search_requests * prices.web_search_per_thousand / 1000
      else 0
    end as search_cost,
    case
      when coalesce(llm_model_prices.region, calls.inference_geo, 'global')
        in ('global', 'not_available')
        then 1
      else prices.regional_factor
    end as region_factor,
    case
      when coalesce(llm_model_prices.region, calls.inference_geo) is null
        then prices.regional_factor
      else 1
    end as open_region_factor,
    case
      when extract(hour from calls.timestamp at time zone 'UTC') = any(prices.peak_hours)
        and extract(isodow from calls.timestamp at time zone 'UTC') = any(prices.peak_weekdays)
        then prices.peak_factor
      else 1
    end as peak_factor,
    case
      when calls.input_tokens > prices.until_input_tokens then prices.dearest_length_factor
      else 1
    end as dearest_length_factor,
    -- A call of a session, or with a measured duration, was not a batch.
    case
      when calls.service_tier is not null then 1
      when calls.session_id <> '' or calls.duration_ms is not null
        then prices.cheapest_live_tier_factor
      else prices.cheapest_tier_factor
    end as cheapest_tier_factor,
    case
      when calls.service_tier is null then prices.dearest_tier_factor
      else 1
    end as dearest_tier_factor
) as parts
cross join lateral (
  select
    (parts.input_cost + parts.output_cost) * parts.region_factor * parts.peak_factor
      + parts.search_cost as list_cost,
    (parts.input_cost + parts.output_cost) * parts.region_factor
      * case when shape.is_many then least(1, prices.peak_factor) else parts.peak_factor end
      * parts.cheapest_tier_factor
      + parts.search_cost as list_cost_low,
    (parts.input_cost + parts.output_cost + parts.longer_cache_cost)
      * parts.region_factor * parts.open_region_factor
      * case when shape.is_many then greatest(1, prices.peak_factor) else parts.peak_factor end
      * parts.dearest_length_factor * parts.dearest_tier_factor
      + parts.search_cost as list_cost_high,
    (parts.uncached_input_cost - parts.input_cost) * parts.region_factor * parts.peak_factor
      as cache_saved,
    (parts.input_cost - parts.wholly_cached_input_cost) * parts.region_factor * parts.peak_factor
      as cache_missed
) as listed;

comment on view llm_calls_priced is
  'One row per call of llm_calls with its cost. Name timestamp in your condition: that makes it fast.';
comment on column llm_calls_priced.day is
  'The day of timestamp in UTC.';
comment on column llm_calls_priced.provider is
  'Who served the model, as the log names it. NULL: not reported.';
comment on column llm_calls_priced.model is
  'The model, as the provider names it. NULL: not reported.';
comment on column llm_calls_priced.error_class is
  'Of a failed call: rate limited, overloaded, timeout, not allowed, server error, bad request, other, or not said; by its error message. NULL: it did not fail.';
comment on column llm_calls_priced.latency_ms is
  'Milliseconds of a row that stands for one request. NULL: of several, or not reported.';
comment on column llm_calls_priced.api_calls is
  'The number of requests in the row; for a whole session a lower bound.';
comment on column llm_calls_priced.run_attempt is
  'The attempt that made the call, or the first stored one of the run if the log names none; 1 if none is stored.';
comment on column llm_calls_priced.repository_id is
  'The repository whose run made the call. NULL: no run is named, or it is not stored.';
comment on column llm_calls_priced.price_model is
  'The model in llm_prices under which the call is priced. NULL: the price list does not have it.';
comment on column llm_calls_priced.list_cost is
  'US dollars by the price list, not rounded; the usual case if the log has no tier, region, length or cache. Searches are included if the log counts them. NULL: see unpriced_because.';
comment on column llm_calls_priced.list_cost_low is
  'The lower bound of list_cost for details missing in the log.';
comment on column llm_calls_priced.list_cost_high is
  'The upper bound of list_cost for details missing in the log, except uncounted searches.';
comment on column llm_calls_priced.cost is
  'reported_cost, else list_cost. NULL: neither is known; such calls count nowhere as 0.';
comment on column llm_calls_priced.cost_low is
  'reported_cost, else list_cost_low.';
comment on column llm_calls_priced.cost_high is
  'reported_cost, else list_cost_high.';
comment on column llm_calls_priced.unpriced_because is
  'Why cost is NULL, in words. NULL: it is not.';
comment on column llm_calls_priced.cache_saved is
  'US dollars that reading from the cache saved, less what writing to it cost, by the price list. NULL: as list_cost of the input.';
comment on column llm_calls_priced.cache_missed is
  'US dollars that the input cost more than reading all of it from the cache would, by the price list. An upper bound, because new input cannot come from the cache. NULL: as list_cost of the input.';
