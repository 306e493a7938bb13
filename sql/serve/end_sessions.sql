-- End the sessions of the role that may only read in this database.
--   psql "$DATABASE_URL" -f sql/serve/end_sessions.sql
select pg_terminate_backend(pid) as is_ended
from pg_stat_activity
where usename = 'telemetry_reader'
  and datname = current_database();
