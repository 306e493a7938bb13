-- The schemas with tables of this toolkit that this session does not see.
-- It may not use a schema that is not open; the others are not in search_path.
--   psql "$DATABASE_URL" -f sql/schema/other_schemas.sql
select
  quote_ident(pg_namespace.nspname) as name,
  has_schema_privilege(pg_namespace.oid, 'usage') as is_open,
  quote_ident(current_user) as role
from pg_class
join pg_namespace
  on pg_namespace.oid = pg_class.relnamespace
-- Others, such as copies of GitHub's data, may have a table workflow_runs.
where pg_class.relname = 'installed_views'
  and pg_class.relkind = 'r'
  and not pg_table_is_visible(pg_class.oid)
order by name;
