-- Nothing to take back: the earlier comment was wrong.
select;
