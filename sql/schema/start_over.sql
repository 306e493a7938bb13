-- Drop all that is in the schema of the tables, of whatever version: for the database of the demo.
--   psql "$DATABASE_URL" -f sql/schema/start_over.sql
do $$
declare
  name text := current_schema();
begin
  execute format('drop schema %I cascade', name);
  execute format('create schema %I', name);
end
$$;
