-- Wait until no other ingest stores calls, and let none until the end of the transaction.
-- Otherwise two logs of one session that are stored at the same time do not see each other.
--   psql "$DATABASE_URL" -f sql/llm/lock_llm_calls.sql
select pg_advisory_xact_lock(7245062119);
