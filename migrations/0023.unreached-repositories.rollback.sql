-- They are shown again when an ingest does not reach them.
drop table if exists unreached_repositories;
