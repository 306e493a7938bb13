-- The comments of before.
comment on table llm_spans is
  'One row per span of a trace that is a call of a language model, is within one, or whose parent was not read yet. A later ingest looks up here whether two spans are one request.';
comment on table llm_calls is
  'One row per call of a language model, or per model of a session where the log holds no single calls (api_calls says how many).';
