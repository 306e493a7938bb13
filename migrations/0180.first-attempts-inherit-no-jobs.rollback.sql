-- Nothing to take back: the mark was wrong, and the jobs are requested again in any case.
select;
