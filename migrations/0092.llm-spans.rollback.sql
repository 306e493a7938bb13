-- A trace that several ingests read may then be counted more than once.
drop table if exists llm_spans;
