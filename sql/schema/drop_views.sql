-- Drop the views that `make migrate` made, so that it can recreate them.
--   psql "$DATABASE_URL" -f sql/schema/drop_views.sql
do $$
declare
  names text;
begin
  select string_agg(quote_ident(name), ', ') into names from installed_views;
  if names is not null then
    execute 'drop view if exists ' || names;
    delete from installed_views;
  end if;
end
$$;
