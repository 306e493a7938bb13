-- Take, until this transaction ends, the lock that lets one migrator work at a time.
-- Tried, never waited for: a migrator that waited inside a statement would block another's
-- `create index concurrently` for ever.
--   psql "$DATABASE_URL" -f sql/schema/try_migration_lock.sql
select pg_try_advisory_xact_lock(7245062118) as locked;
