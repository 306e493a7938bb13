-- The next ingest lists the workflows again.
drop table if exists workflows;
