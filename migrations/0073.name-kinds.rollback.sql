-- The rules come back from their files with the next ingest.
drop table if exists name_kinds;
