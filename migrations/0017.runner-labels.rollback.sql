-- The labels come back from their files with the next ingest.
drop table if exists runner_labels;
