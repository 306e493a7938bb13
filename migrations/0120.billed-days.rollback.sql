-- The days come back with the next load of a usage report.
drop table if exists billed_days;
