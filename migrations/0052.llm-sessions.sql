-- A log that tells of whole sessions only counts too few requests, so its prompts have no known length.
-- depends: 0051.llm-price-tiers

alter table llm_calls
  add column if not exists is_whole_session boolean not null default false;

-- Made again, so that the columns have one order however often 0050 was applied.
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
set is_whole_session = true
where source = 'claude-code-action'
  and not is_whole_session;

comment on column llm_calls.is_whole_session is
  'True when the log tells only what a session used in all: api_calls is then the least it can be, and the length of a prompt is not known.';
comment on column llm_calls.finality is
  'Orders the readings of one call: the reading with the greatest finality sets the token counts. All tokens counted comes first, then higher precedence, then more tokens.';
