-- Everything is listed anew; the runs stay.
drop table if exists windows;
