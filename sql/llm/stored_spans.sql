-- The stored spans of traces.
--   psql "$DATABASE_URL" -f sql/llm/stored_spans.sql -v trace_ids='{t1,t2}'
select
  trace_id,
  span_id,
  parent_span_id,
  is_embedding,
  call
from llm_spans
where trace_id = any(:'trace_ids'::text[])
order by trace_id, span_id;
