-- The repositories come back with the next ingest.
drop table if exists repositories;
