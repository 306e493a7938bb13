-- The conditions of a price and the digits of a cost behind the sixth are then forgotten.
alter table llm_calls
  drop column if exists finality;

alter table llm_calls
  drop column if exists cache_write_12h_tokens,
  drop column if exists service_tier,
  drop column if exists inference_geo,
  drop column if exists web_search_requests,
  drop column if exists reported_cost;

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
      coalesce(reasoning_tokens, -1)
    ]
  ) stored;
