-- How fresh data is follows from complete ingests alone again.
alter table ingestions drop column if exists is_caught_up;

alter table ingestions drop column if exists unreadable_items;
