-- Takes all stored calls with it.
drop table if exists llm_calls;
