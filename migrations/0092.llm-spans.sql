-- Keeps the spans of traces, so that a trace that several ingests read is counted as one.
-- depends: 0090.llm-rules

create table if not exists llm_spans (
  trace_id text not null,
  span_id text not null,
  parent_span_id text not null default '',
  is_embedding boolean not null default false,
  call jsonb,
  read_at timestamptz not null default now(),
  revision integer not null default 1,
  constraint llm_spans_pkey primary key (trace_id, span_id)
);

comment on table llm_spans is
  'One row per span of a trace that is a call of a language model, is within one, or whose parent was not read yet. A later ingest looks up here whether two spans are one request.';
comment on column llm_spans.trace_id is
  'The id of the trace.';
comment on column llm_spans.span_id is
  'The id of the span, unique within the trace.';
comment on column llm_spans.parent_span_id is
  'The id of the enclosing span; empty where the log has none.';
comment on column llm_spans.is_embedding is
  'True when the span is a request for embeddings: a chat is never the same request.';
comment on column llm_spans.call is
  'What the span itself says of the call, by the columns of llm_calls. NULL: the span is not a call.';
comment on column llm_spans.read_at is
  'When the span was first stored, by the database''s clock.';
comment on column llm_spans.revision is
  '1 when inserted, one more with every change: tells inserted rows from updated ones.';
