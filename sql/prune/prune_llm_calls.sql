-- Delete these LLM calls if they are older than a moment.
--   psql "$DATABASE_URL" -f sql/prune/prune_llm_calls.sql \
--     -v call_ids='{c1,c2}' -v before=2026-01-01T00:00:00Z
delete from llm_calls
where call_id = any(:'call_ids'::text[])
  and timestamp < :'before'::timestamptz;
