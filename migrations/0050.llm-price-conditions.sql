-- What the price of a call depends on beside its tokens, and its reported cost to the last digit.
-- depends: 0017.runner-labels

alter table llm_calls
  add column if not exists cache_write_12h_tokens bigint,
  add column if not exists service_tier text,
  add column if not exists inference_geo text,
  add column if not exists web_search_requests bigint,
  add column if not exists reported_cost numeric;

-- A generated column cannot be changed in place.
alter table llm_calls
  drop column if exists finality;

alter table llm_calls
  add column if not exists finality bigint[] generated always as (
    array[
      (input_tokens + output_tokens is not null)::integer,
      precedence,
      coalesce(input_tokens + output_tokens, -1),
      coalesce(input_tokens, -1),
      coalesce(output_tokens, -1),
      coalesce(cache_read_tokens, -1),
      coalesce(cache_write_tokens, -1),
      coalesce(cache_write_1h_tokens, -1),
      coalesce(cache_write_12h_tokens, -1),
      coalesce(reasoning_tokens, -1)
    ]
  ) stored;

update llm_calls
set reported_cost = estimated_cost
where reported_cost is null
  and estimated_cost is not null;

comment on column llm_calls.cache_write_12h_tokens is
  'Part of cache_write_tokens that was written to be kept for twelve hours. NULL: not reported.';
comment on column llm_calls.service_tier is
  'How the vendor served the call, which sets its price: standard, batch, flex, priority, fast, or another name that the log gives. NULL: not reported.';
comment on column llm_calls.inference_geo is
  'Where the call was processed, as the log names it, such as us or eu; global and not_available: nowhere in particular. NULL: not reported.';
comment on column llm_calls.web_search_requests is
  'Web searches that the vendor ran and bills beside the tokens. NULL: not reported.';
comment on column llm_calls.reported_cost is
  'US dollars as the log itself reported them, unrounded; sums read this. NULL: not reported, or borrowed from another model''s price.';
comment on column llm_calls.estimated_cost is
  'reported_cost rounded to six decimals. NULL: not reported, never 0 for want of a price.';
comment on column llm_calls.finality is
  'Orders the readings of one call: the reading with the greatest finality sets the token counts. All tokens counted comes first, then higher precedence, then more tokens.';
