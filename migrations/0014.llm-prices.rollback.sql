-- The prices come back from their files with the next ingest.
drop table if exists llm_prices;
