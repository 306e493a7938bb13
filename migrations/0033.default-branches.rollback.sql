-- The next ingest asks for the present one again; those before it are lost.
drop table if exists default_branches;
