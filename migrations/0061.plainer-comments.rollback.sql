-- Nothing to take back: the comments of earlier migrations said the same in other words.
select;
