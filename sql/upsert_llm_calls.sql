-- Store one call of a language model; returns whether it is new, or no row if nothing changed.
-- A log that is still being written is read again: the reading with more tokens wins, neither NULL
-- nor an empty name replaces a value, and the timestamp stays, because the call is the same.
--   psql "$DATABASE_URL" -f sql/upsert_llm_calls.sql -v source=canonical -v call_id=c1 \
--     -v timestamp=2026-01-01T00:00:00Z -v session_id=s1 -v prompt_name=review -v phase=test \
--     -v provider=anthropic -v model=claude -v input_tokens=10 -v output_tokens=5 \
--     -v cache_read_tokens=0 -v cache_write_tokens=0 -v cache_write_1h_tokens=0 \
--     -v reasoning_tokens=0 -v estimated_cost=0.01 -v success=true -v error_message=none \
--     -v duration_ms=900 -v api_calls=1 -v github_run_id=1 -v github_run_attempt=1
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
) values (
  :'source',
  :'call_id',
  :'timestamp',
  :'session_id',
  :'prompt_name',
  :'phase',
  :'provider',
  :'model',
  :'input_tokens',
  :'output_tokens',
  :'cache_read_tokens',
  :'cache_write_tokens',
  :'cache_write_1h_tokens',
  :'reasoning_tokens',
  :'estimated_cost',
  :'success',
  :'error_message',
  :'duration_ms',
  :'api_calls',
  :'github_run_id',
  :'github_run_attempt'
)
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
