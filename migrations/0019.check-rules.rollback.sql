-- What was found valid stays so, until 0018 is taken back.
select 1 where false;
