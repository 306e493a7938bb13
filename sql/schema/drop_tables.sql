-- Drop the tables that choose_tables.sql named, with their rows; none if it was not run.
--   psql "$DATABASE_URL" -f sql/schema/drop_tables.sql
do $$
declare
  names text;
begin
  select string_agg(pg_class.oid::regclass::text, ', ')
  into names
  from unnest(nullif(current_setting('actions_telemetry.tables', true), '')::text[]) as name
  join pg_class on pg_class.oid = to_regclass(quote_ident(name))
    and pg_class.relkind in ('r', 'p');
  if names is not null then
    execute 'drop table ' || names;
  end if;
end
$$;
