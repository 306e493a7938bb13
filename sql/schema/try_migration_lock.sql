-- Take the lock that allows one migration at a time, until this transaction ends.
-- It never waits for the lock: a migration that waits inside a statement would block another's
-- `create index concurrently` forever.
--   psql "$DATABASE_URL" -f sql/schema/try_migration_lock.sql
select pg_try_advisory_xact_lock(7245062118) as locked;
