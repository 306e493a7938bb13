-- The next ingest under a former name would record it again.
drop table if exists former_names;
