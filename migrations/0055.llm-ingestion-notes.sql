-- What an ingest of LLM logs passed over is told after the fact too; sessions are looked up by id.
-- depends: 0050.llm-price-conditions

alter table llm_ingestions
  add column if not exists left_out integer not null default 0,
  add column if not exists notes text[] not null default '{}';

create index if not exists idx_llm_calls_session_id on llm_calls (session_id);

comment on column llm_ingestions.left_out is
  'Calls that are not counted because a better log of the same tool holds their session.';
comment on column llm_ingestions.notes is
  'What was passed over, such as files without a call, and of which sessions one log was counted.';
