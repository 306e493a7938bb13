-- Nothing to undo: the jobs are only asked for once more.
select 1;
