-- Take the lock of the one migrator that may work at a time, until this transaction ends.
-- The lock is tried, never waited for: a migrator that waits inside a statement blocks another's
-- `create index concurrently` for ever.
--   psql "$DATABASE_URL" -f sql/schema/try_migration_lock.sql
select pg_try_advisory_xact_lock(7245062118) as locked;
