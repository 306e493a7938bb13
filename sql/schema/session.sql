-- The server process that answers; each session has its own.
--   psql "$DATABASE_URL" -f sql/schema/session.sql
select pg_backend_pid() as process;
