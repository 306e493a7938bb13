-- Finding a session's copies then reads all calls of Codex.
drop index if exists idx_llm_calls_codex_session;
