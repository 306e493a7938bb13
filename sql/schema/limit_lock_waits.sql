-- Let no statement of this transaction wait longer than this for a lock.
--   psql "$DATABASE_URL" -f sql/schema/limit_lock_waits.sql -v longest=10s
select set_config('lock_timeout', :'longest', true) as lock_timeout;
