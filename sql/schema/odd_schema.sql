-- The schema that tables would be made in, if its name has to be quoted: migrations do not do so.
--   psql "$DATABASE_URL" -f sql/schema/odd_schema.sql
select current_schema() as schema
where current_schema() <> quote_ident(current_schema());
