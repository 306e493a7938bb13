-- Nothing to take back: the earlier comment said less.
select;
