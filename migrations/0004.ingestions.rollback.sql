-- Forgets when each repository was ingested; the runs stay.
drop table if exists ingestions;
