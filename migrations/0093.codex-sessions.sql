-- Finds the calls of a Codex session and of its forks, whose ids begin with the session's.
-- depends: 0092.llm-spans

create index if not exists idx_llm_calls_codex_session
  on llm_calls (split_part(call_id, ':', 1))
  where source = 'codex';
