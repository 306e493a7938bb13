-- The schema of the tables, if search_path names another one first.
-- A migration would make the tables there anew.
--   psql "$DATABASE_URL" -f sql/schema/later_schema.sql
select
  quote_ident(pg_namespace.nspname) as name,
  quote_ident(current_schema()) as first
from pg_class
join pg_namespace
  on pg_namespace.oid = pg_class.relnamespace
where pg_class.oid = to_regclass('installed_views')
  and pg_namespace.nspname <> current_schema();
