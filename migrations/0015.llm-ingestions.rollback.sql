-- Takes the record of earlier ingests with it; calls stay.
drop table if exists llm_ingestions;
