-- The oldest LLM calls made before a moment, at most 5,000.
--   psql "$DATABASE_URL" -f sql/prune/prunable_llm_calls.sql -v before=2026-01-01T00:00:00Z
select call_id
from llm_calls
where timestamp < :'before'::timestamptz
order by timestamp, call_id
limit 5000;
