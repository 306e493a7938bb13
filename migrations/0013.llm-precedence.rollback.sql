-- Which reading the counts came from is then forgotten.
alter table llm_calls
  drop column if exists finality;

alter table llm_calls
  drop column if exists precedence;
