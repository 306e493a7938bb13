-- Store spans of traces; returns, for each new or changed one, whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL.
--   psql "$DATABASE_URL" -f sql/llm/upsert_llm_spans.sql \
--     -v rows='[{"trace_id":"t","span_id":"2","parent_span_id":"1"}]'
insert into llm_spans (
  trace_id, span_id, parent_span_id, is_embedding, call
)
select
  trace_id, span_id,
  coalesce(parent_span_id, '') as parent_span_id,
  coalesce(is_embedding, false) as is_embedding,
  call
from json_populate_recordset(null::llm_spans, :'rows'::json)
on conflict (trace_id, span_id) do update set
  parent_span_id = excluded.parent_span_id,
  is_embedding = excluded.is_embedding,
  call = excluded.call,
  revision = llm_spans.revision + 1
where (
    llm_spans.parent_span_id, llm_spans.is_embedding, llm_spans.call
  ) is distinct from (
    excluded.parent_span_id, excluded.is_embedding, excluded.call
  )
returning (revision = 1) as inserted;
