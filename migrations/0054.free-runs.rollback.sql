-- The rows come back from their file with the next ingest.
drop table if exists free_runs;
