-- Forgets how long rows are to be kept; the rows stay.
drop table if exists retention;
