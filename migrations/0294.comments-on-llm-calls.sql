-- The comments say LLM call, as everything else does.
-- depends: 0293.workflows-of-open-runs

comment on table llm_calls is
  'One row per LLM call, or per model of a session where the log holds no single calls (api_calls says how many).';
comment on table llm_spans is
  'One row per span of a trace that is an LLM call, is within one, or whose parent was not read yet. A later ingest looks up here whether two spans are one request.';
