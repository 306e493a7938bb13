-- Store LLM calls; returns, for each new or changed one, whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL.
-- One call is read more than once: from a log that grows, from several logs. The token counts come
-- together from the reading with the greatest finality; session, prompt and phase from those with
-- the highest precedence. Otherwise a known value beats an unknown one; of two known values the
-- earlier time and run, the failure, or the greater value stays. So any order gives one row.
--   psql "$DATABASE_URL" -f sql/llm/upsert_llm_calls.sql \
--     -v rows='[{"source":"x","call_id":"1","timestamp":"2026-01-01","model":"m"}]'
insert into llm_calls (
  source, call_id, timestamp, session_id, prompt_name, phase, provider, model, input_tokens,
  output_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens, reasoning_tokens,
  estimated_cost, success, error_message, duration_ms, api_calls, github_run_id, github_run_attempt,
  precedence, cache_write_12h_tokens, service_tier, inference_geo, web_search_requests,
  reported_cost, is_whole_session
)
select
  source, call_id, timestamp,
  coalesce(session_id, '') as session_id,
  coalesce(prompt_name, '') as prompt_name,
  phase, provider, model, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
  cache_write_1h_tokens, reasoning_tokens, estimated_cost, success, error_message, duration_ms,
  coalesce(api_calls, 1) as api_calls,
  github_run_id, github_run_attempt,
  coalesce(precedence, 0) as precedence,
  cache_write_12h_tokens, service_tier, inference_geo, web_search_requests, reported_cost,
  coalesce(is_whole_session, false) as is_whole_session
from json_populate_recordset(null::llm_calls, :'rows'::json)
on conflict (source, call_id) do update set
  timestamp = least(excluded.timestamp, llm_calls.timestamp),
  session_id = case
    when excluded.finality[1:2] > llm_calls.finality[1:2] then excluded.session_id
    when excluded.finality[1:2] < llm_calls.finality[1:2] then llm_calls.session_id
    else greatest(excluded.session_id collate "C", llm_calls.session_id)
  end,
  prompt_name = case
    when excluded.finality[1:2] > llm_calls.finality[1:2] then excluded.prompt_name
    when excluded.finality[1:2] < llm_calls.finality[1:2] then llm_calls.prompt_name
    else greatest(excluded.prompt_name collate "C", llm_calls.prompt_name)
  end,
  phase = case
    when excluded.finality[1:2] > llm_calls.finality[1:2] then excluded.phase
    when excluded.finality[1:2] < llm_calls.finality[1:2] then llm_calls.phase
    else greatest(excluded.phase collate "C", llm_calls.phase)
  end,
  provider = greatest(excluded.provider collate "C", llm_calls.provider),
  model = greatest(excluded.model collate "C", llm_calls.model),
  input_tokens = case
    when excluded.finality > llm_calls.finality then excluded.input_tokens
    else llm_calls.input_tokens
  end,
  output_tokens = case
    when excluded.finality > llm_calls.finality then excluded.output_tokens
    else llm_calls.output_tokens
  end,
  cache_read_tokens = case
    when excluded.finality > llm_calls.finality then excluded.cache_read_tokens
    else llm_calls.cache_read_tokens
  end,
  cache_write_tokens = case
    when excluded.finality > llm_calls.finality then excluded.cache_write_tokens
    else llm_calls.cache_write_tokens
  end,
  cache_write_1h_tokens = case
    when excluded.finality > llm_calls.finality then excluded.cache_write_1h_tokens
    else llm_calls.cache_write_1h_tokens
  end,
  reasoning_tokens = case
    when excluded.finality > llm_calls.finality then excluded.reasoning_tokens
    else llm_calls.reasoning_tokens
  end,
  estimated_cost = greatest(excluded.estimated_cost, llm_calls.estimated_cost),
  success = least(excluded.success, llm_calls.success),
  error_message = greatest(excluded.error_message collate "C", llm_calls.error_message),
  duration_ms = greatest(excluded.duration_ms, llm_calls.duration_ms),
  api_calls = greatest(excluded.api_calls, llm_calls.api_calls),
  github_run_id = least(excluded.github_run_id, llm_calls.github_run_id),
  github_run_attempt = case
    when excluded.github_run_id is distinct from
      least(excluded.github_run_id, llm_calls.github_run_id)
      then llm_calls.github_run_attempt
    when llm_calls.github_run_id is distinct from
      least(excluded.github_run_id, llm_calls.github_run_id)
      then excluded.github_run_attempt
    else least(excluded.github_run_attempt, llm_calls.github_run_attempt)
  end,
  precedence = case
    when excluded.finality > llm_calls.finality then excluded.precedence
    else llm_calls.precedence
  end,
  cache_write_12h_tokens = case
    when excluded.finality > llm_calls.finality then excluded.cache_write_12h_tokens
    else llm_calls.cache_write_12h_tokens
  end,
  service_tier = greatest(excluded.service_tier collate "C", llm_calls.service_tier),
  inference_geo = greatest(excluded.inference_geo collate "C", llm_calls.inference_geo),
  web_search_requests = greatest(excluded.web_search_requests, llm_calls.web_search_requests),
  reported_cost = greatest(excluded.reported_cost, llm_calls.reported_cost),
  is_whole_session = greatest(excluded.is_whole_session, llm_calls.is_whole_session),
  revision = llm_calls.revision + 1
where excluded.finality > llm_calls.finality
  or (
    llm_calls.timestamp, llm_calls.session_id, llm_calls.prompt_name, llm_calls.phase,
    llm_calls.provider, llm_calls.model, llm_calls.estimated_cost, llm_calls.success,
    llm_calls.error_message, llm_calls.duration_ms, llm_calls.api_calls, llm_calls.github_run_id,
    llm_calls.github_run_attempt, llm_calls.service_tier, llm_calls.inference_geo,
    llm_calls.web_search_requests, llm_calls.reported_cost, llm_calls.is_whole_session
  ) is distinct from (
    least(excluded.timestamp, llm_calls.timestamp),
    case
      when excluded.finality[1:2] > llm_calls.finality[1:2] then excluded.session_id
      when excluded.finality[1:2] < llm_calls.finality[1:2] then llm_calls.session_id
      else greatest(excluded.session_id collate "C", llm_calls.session_id)
    end,
    case
      when excluded.finality[1:2] > llm_calls.finality[1:2] then excluded.prompt_name
      when excluded.finality[1:2] < llm_calls.finality[1:2] then llm_calls.prompt_name
      else greatest(excluded.prompt_name collate "C", llm_calls.prompt_name)
    end,
    case
      when excluded.finality[1:2] > llm_calls.finality[1:2] then excluded.phase
      when excluded.finality[1:2] < llm_calls.finality[1:2] then llm_calls.phase
      else greatest(excluded.phase collate "C", llm_calls.phase)
    end,
    greatest(excluded.provider collate "C", llm_calls.provider),
    greatest(excluded.model collate "C", llm_calls.model),
    greatest(excluded.estimated_cost, llm_calls.estimated_cost),
    least(excluded.success, llm_calls.success),
    greatest(excluded.error_message collate "C", llm_calls.error_message),
    greatest(excluded.duration_ms, llm_calls.duration_ms),
    greatest(excluded.api_calls, llm_calls.api_calls),
    least(excluded.github_run_id, llm_calls.github_run_id),
    case
      when excluded.github_run_id is distinct from
        least(excluded.github_run_id, llm_calls.github_run_id)
        then llm_calls.github_run_attempt
      when llm_calls.github_run_id is distinct from
        least(excluded.github_run_id, llm_calls.github_run_id)
        then excluded.github_run_attempt
      else least(excluded.github_run_attempt, llm_calls.github_run_attempt)
    end,
    greatest(excluded.service_tier collate "C", llm_calls.service_tier),
    greatest(excluded.inference_geo collate "C", llm_calls.inference_geo),
    greatest(excluded.web_search_requests, llm_calls.web_search_requests),
    greatest(excluded.reported_cost, llm_calls.reported_cost),
    greatest(excluded.is_whole_session, llm_calls.is_whole_session)
  )
returning (revision = 1) as inserted;
