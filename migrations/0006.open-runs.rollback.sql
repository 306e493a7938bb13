-- The next ingest finds those again that are still open within its reach.
drop table if exists open_runs;
