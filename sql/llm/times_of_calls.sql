-- The times of stored calls with these ids.
--   psql "$DATABASE_URL" -f sql/llm/times_of_calls.sql -v sources='{canonical}' \
--     -v call_ids='{a,b}'
select source, call_id, timestamp
from llm_calls
where source = any(:'sources'::text[])
  and call_id = any(:'call_ids'::text[])
order by source, call_id;
