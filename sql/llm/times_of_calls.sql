-- The times of stored calls of our own format.
--   psql "$DATABASE_URL" -f sql/llm/times_of_calls.sql -v call_ids='{a,b}'
select call_id, timestamp
from llm_calls
where source = 'canonical'
  and call_id = any(:'call_ids'::text[])
order by call_id;
