-- The rollback of 0009 drops the table.
alter table if exists leases drop column if exists renewal;
