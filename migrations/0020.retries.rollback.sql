-- All is asked for again, as if for the first time.
drop table if exists retries;
