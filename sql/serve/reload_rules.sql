-- Let the server read its rules of who may connect again.
--   psql "$DATABASE_URL" -f sql/serve/reload_rules.sql
select pg_reload_conf() as is_asked;
