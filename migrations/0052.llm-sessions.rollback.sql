-- Which rows are whole sessions is then told by their source alone.
alter table llm_calls
  drop column if exists is_whole_session;
