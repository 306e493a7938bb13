-- Calls of our own format that have the id of a stored call of another time.
-- Both arrays belong together: an id and a time. A second is what storing may move a call by.
--   psql "$DATABASE_URL" -v call_ids='{a}' -v timestamps='{2026-01-01T00:00:00Z}' \
--     -f sql/llm/reused_call_ids.sql
select llm_calls.call_id
from llm_calls
join unnest(:'call_ids'::text[], :'timestamps'::timestamptz[]) as found (call_id, timestamp)
  on found.call_id = llm_calls.call_id
where llm_calls.source = 'canonical'
  and (
    found.timestamp < llm_calls.timestamp - interval '1 second'
    or found.timestamp > llm_calls.timestamp + interval '1 second'
  )
order by llm_calls.call_id;
