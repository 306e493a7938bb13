-- One row per call of a language model, keyed by the call and not by its moment, so that a log can be read twice.
-- depends: 0001.workflow-runs

create table if not exists llm_calls (
  source text not null,
  call_id text not null,
  timestamp timestamptz not null,
  session_id text not null default '',
  prompt_name varchar(255) not null default '',
  phase text,
  provider text,
  model text,
  input_tokens bigint,
  output_tokens bigint,
  total_tokens bigint generated always as (input_tokens + output_tokens) stored,
  cache_read_tokens bigint,
  cache_write_tokens bigint,
  cache_write_1h_tokens bigint,
  reasoning_tokens bigint,
  estimated_cost numeric(10, 6),
  success boolean,
  error_message text,
  duration_ms bigint,
  api_calls integer not null default 1,
  github_run_id bigint,
  github_run_attempt integer,
  created_at timestamptz not null default now(),
  revision integer not null default 1,
  constraint llm_calls_pkey primary key (source, call_id),
  constraint llm_calls_timestamp_session_id_prompt_name_key
    unique (timestamp, session_id, prompt_name)
);

create index if not exists idx_llm_calls_github_run_id
  on llm_calls (github_run_id);

comment on table llm_calls is
  'One row per call of a language model, or per model of a session where the log holds no single calls (api_calls says how many).';
comment on column llm_calls.source is
  'The kind of log the call was read from; call_id is unique within it.';
comment on column llm_calls.call_id is
  'The call''s own id in its log.';
comment on column llm_calls.timestamp is
  'When the call began. Logs coarser than a microsecond get their last digits from the call id, so that calls of one moment stay apart.';
comment on column llm_calls.session_id is
  'Conversation or session of the call; empty when the log has none.';
comment on column llm_calls.prompt_name is
  'The prompt template or task; empty when the log has none; cut at 255 characters.';
comment on column llm_calls.input_tokens is
  'The whole prompt, cache reads and cache writes included. NULL: not reported.';
comment on column llm_calls.output_tokens is
  'The whole answer, reasoning included. NULL: not reported.';
comment on column llm_calls.total_tokens is
  'input_tokens + output_tokens; NULL when either is NULL. Totals that a log states itself are not used.';
comment on column llm_calls.cache_read_tokens is
  'Part of input_tokens that came from a cache. NULL: not reported.';
comment on column llm_calls.cache_write_tokens is
  'Part of input_tokens that was written to a cache. NULL: not reported.';
comment on column llm_calls.cache_write_1h_tokens is
  'Part of cache_write_tokens that was written to be kept for an hour. NULL: not reported.';
comment on column llm_calls.reasoning_tokens is
  'Part of output_tokens that the model spent on reasoning. NULL: not reported.';
comment on column llm_calls.estimated_cost is
  'US dollars as the log itself reported them, to six decimals. NULL: not reported, never 0 for want of a price.';
comment on column llm_calls.success is
  'False when the call failed; error_message then says why.';
comment on column llm_calls.duration_ms is
  'Milliseconds the call took. NULL: not reported.';
comment on column llm_calls.api_calls is
  'How many requests the row stands for; only rows of one request tell a latency.';
comment on column llm_calls.github_run_id is
  'The workflow run that made the call. NULL: none, or not known. No foreign key, because calls may arrive before their run.';
comment on column llm_calls.github_run_attempt is
  'The attempt of that run.';
comment on column llm_calls.created_at is
  'When the row was stored here; the call itself was at timestamp.';
comment on column llm_calls.revision is
  '1 when inserted, one more with every change: tells inserted rows from updated ones.';
