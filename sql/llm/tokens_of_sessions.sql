-- The tokens of sessions in one source.
--   psql "$DATABASE_URL" -f sql/llm/tokens_of_sessions.sql -v source=codex -v session_ids='{a,b}'
select
  session_id,
  coalesce(sum(total_tokens), 0)::bigint as total_tokens
from llm_calls
where source = :'source'
  and session_id = any(:'session_ids'::text[])
group by session_id
order by session_id;
