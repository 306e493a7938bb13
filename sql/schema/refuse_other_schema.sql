-- Refuse a dump whose tables are in another schema than the one that search_path names first.
--   psql "$DATABASE_URL" -f sql/schema/refuse_other_schema.sql
do $$
declare
  restored text;
begin
  if to_regclass(quote_ident(current_schema()) || '.workflow_runs') is null then
    select string_agg(relnamespace::regnamespace::text, ', ')
    into restored
    from pg_class
    where relname = 'workflow_runs';
    raise exception
      'its tables are in the schema %, and search_path names % first; let it name that of the dump',
      coalesce(restored, 'of no name'),
      coalesce(current_schema(), 'none');
  end if;
end
$$;
