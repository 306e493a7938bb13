-- What was found valid stays so, until 0090 is taken back.
select 1 where false;
