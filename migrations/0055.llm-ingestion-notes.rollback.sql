-- What past ingests passed over is then forgotten.
drop index if exists idx_llm_calls_session_id;

alter table llm_ingestions
  drop column if exists notes,
  drop column if exists left_out;
