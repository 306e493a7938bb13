-- Nothing to take back: the comment before it named one of the two reasons.
select;
