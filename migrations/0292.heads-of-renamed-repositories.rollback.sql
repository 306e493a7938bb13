-- Nothing to take back: the names are those that GitHub gives now.
select;
