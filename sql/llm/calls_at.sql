-- The stored calls of some moments.
--   psql "$DATABASE_URL" -f sql/llm/calls_at.sql -v timestamps='{2026-01-01T00:00:00Z}'
select timestamp, session_id, prompt_name, source, call_id
from llm_calls
where timestamp = any(:'timestamps'::timestamptz[])
order by timestamp, session_id, prompt_name;
