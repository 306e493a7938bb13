-- Let this transaction wait between its statements for as long as it has to.
-- A role or a database may end such sessions after a while.
--   psql "$DATABASE_URL" -f sql/schema/stay_idle.sql
select set_config('idle_in_transaction_session_timeout', '0', true) as longest;
