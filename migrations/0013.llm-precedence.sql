-- Which reading of a call counts, told by the row itself, so that any order of logs gives the same rows.
-- depends: 0012.marked-runs

alter table llm_calls
  add column if not exists precedence integer not null default 0;

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

comment on column llm_calls.precedence is
  'How final the log says the reading is that token counts, phase and prompt come from; more is more final.';
comment on column llm_calls.finality is
  'Of two readings of one call the one with the greater finality tells the tokens: all counted, then higher precedence, then more tokens.';
comment on column llm_calls.timestamp is
  'When the call began: the least that any reading of it said. Logs coarser than a microsecond get their last digits from the call id, so that calls of one moment stay apart.';
