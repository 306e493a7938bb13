-- They are asked for again.
drop table if exists missing_attempts;
