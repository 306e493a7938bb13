-- Count the stored LLM calls.
--   psql "$DATABASE_URL" -f sql/schema/count_llm_calls.sql
select count(*) as stored
from llm_calls;
