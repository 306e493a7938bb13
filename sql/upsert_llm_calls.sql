-- Store calls of language models; returns for each that is new or changed whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL.
-- A log that is still being written is read again: the reading with more tokens wins, neither NULL
-- nor an empty name replaces a value, and the timestamp stays, because the call is the same.
--   psql "$DATABASE_URL" -f sql/upsert_llm_calls.sql \
--     -v rows='[{"source":"x","call_id":"1","timestamp":"2026-01-01","model":"m"}]'
insert into llm_calls (
  source,
  call_id,
  timestamp,
  session_id,
  prompt_name,
  phase,
  provider,
  model,
  input_tokens,
  output_tokens,
  cache_read_tokens,
  cache_write_tokens,
  cache_write_1h_tokens,
  reasoning_tokens,
  estimated_cost,
  success,
  error_message,
  duration_ms,
  api_calls,
  github_run_id,
  github_run_attempt
)
select
  source,
  call_id,
  timestamp,
  coalesce(session_id, '') as session_id,
  coalesce(prompt_name, '') as prompt_name,
  phase,
  provider,
  model,
  input_tokens,
  output_tokens,
  cache_read_tokens,
  cache_write_tokens,
  cache_write_1h_tokens,
  reasoning_tokens,
  estimated_cost,
  success,
  error_message,
  duration_ms,
  coalesce(api_calls, 1) as api_calls,
  github_run_id,
  github_run_attempt
from json_populate_recordset(null::llm_calls, :'rows'::json)
on conflict (source, call_id) do update set
  session_id = coalesce(nullif(excluded.session_id, ''), llm_calls.session_id),
  prompt_name = coalesce(nullif(excluded.prompt_name, ''), llm_calls.prompt_name),
  phase = coalesce(excluded.phase, llm_calls.phase),
  provider = coalesce(excluded.provider, llm_calls.provider),
  model = coalesce(excluded.model, llm_calls.model),
  input_tokens = coalesce(excluded.input_tokens, llm_calls.input_tokens),
  output_tokens = coalesce(excluded.output_tokens, llm_calls.output_tokens),
  cache_read_tokens = coalesce(excluded.cache_read_tokens, llm_calls.cache_read_tokens),
  cache_write_tokens = coalesce(excluded.cache_write_tokens, llm_calls.cache_write_tokens),
  cache_write_1h_tokens = coalesce(excluded.cache_write_1h_tokens, llm_calls.cache_write_1h_tokens),
  reasoning_tokens = coalesce(excluded.reasoning_tokens, llm_calls.reasoning_tokens),
  estimated_cost = coalesce(excluded.estimated_cost, llm_calls.estimated_cost),
  success = coalesce(excluded.success, llm_calls.success),
  error_message = coalesce(excluded.error_message, llm_calls.error_message),
  duration_ms = coalesce(excluded.duration_ms, llm_calls.duration_ms),
  api_calls = coalesce(excluded.api_calls, llm_calls.api_calls),
  github_run_id = coalesce(excluded.github_run_id, llm_calls.github_run_id),
  github_run_attempt = coalesce(excluded.github_run_attempt, llm_calls.github_run_attempt),
  revision = llm_calls.revision + 1
where coalesce(excluded.input_tokens + excluded.output_tokens, 0)
    >= coalesce(llm_calls.input_tokens + llm_calls.output_tokens, 0)
  and (
    llm_calls.session_id,
    llm_calls.prompt_name,
    llm_calls.phase,
    llm_calls.provider,
    llm_calls.model,
    llm_calls.input_tokens,
    llm_calls.output_tokens,
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
    llm_calls.github_run_attempt
  ) is distinct from (
    coalesce(nullif(excluded.session_id, ''), llm_calls.session_id),
    coalesce(nullif(excluded.prompt_name, ''), llm_calls.prompt_name),
    coalesce(excluded.phase, llm_calls.phase),
    coalesce(excluded.provider, llm_calls.provider),
    coalesce(excluded.model, llm_calls.model),
    coalesce(excluded.input_tokens, llm_calls.input_tokens),
    coalesce(excluded.output_tokens, llm_calls.output_tokens),
    coalesce(excluded.cache_read_tokens, llm_calls.cache_read_tokens),
    coalesce(excluded.cache_write_tokens, llm_calls.cache_write_tokens),
    coalesce(excluded.cache_write_1h_tokens, llm_calls.cache_write_1h_tokens),
    coalesce(excluded.reasoning_tokens, llm_calls.reasoning_tokens),
    coalesce(excluded.estimated_cost, llm_calls.estimated_cost),
    coalesce(excluded.success, llm_calls.success),
    coalesce(excluded.error_message, llm_calls.error_message),
    coalesce(excluded.duration_ms, llm_calls.duration_ms),
    coalesce(excluded.api_calls, llm_calls.api_calls),
    coalesce(excluded.github_run_id, llm_calls.github_run_id),
    coalesce(excluded.github_run_attempt, llm_calls.github_run_attempt)
  )
returning (revision = 1) as inserted;
