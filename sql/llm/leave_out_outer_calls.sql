-- Delete calls whose requests inner spans count; returns how many of them are new.
-- Both arrays belong together: a source and a call_id of it.
--   psql "$DATABASE_URL" -v sources='{otlp}' -v call_ids='{t:1}' -v since=2026-01-01 \
--     -f sql/llm/leave_out_outer_calls.sql
with deleted as (
  delete from llm_calls
  using unnest(:'sources'::text[], :'call_ids'::text[]) as outer_calls (source, call_id)
  where llm_calls.source = outer_calls.source
    and llm_calls.call_id = outer_calls.call_id
  returning llm_calls.created_at >= :'since'::timestamptz as was_new
)
select
  count(*) as calls,
  count(*) filter (where was_new) as new_calls
from deleted;
