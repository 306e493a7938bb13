-- The process of the server that answers, which is another one for each session.
--   psql "$DATABASE_URL" -f sql/schema/session.sql
select pg_backend_pid() as process;
