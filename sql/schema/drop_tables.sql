-- Drop the tables that choose_tables.sql named, with their rows; none if it was not run.
-- It fails if one has a policy of a user, without which roles would see more rows.
--   psql "$DATABASE_URL" -f sql/schema/drop_tables.sql
do $$
declare
  names text;
  policies text;
begin
  select
    string_agg(chosen.oid::regclass::text, ', '),
    (
      select string_agg(format('policy %I on table %s', polname, polrelid::regclass), E'\n')
      from pg_policy
      where polrelid = any(array_agg(chosen.oid))
    )
  into names, policies
  from unnest(nullif(current_setting('actions_telemetry.tables', true), '')::text[]) as name
  join pg_class as chosen on chosen.oid = to_regclass(quote_ident(name))
    and chosen.relkind in ('r', 'p');
  if policies is not null then
    raise dependent_objects_still_exist using
      message = 'a policy would be lost with its table',
      detail = policies;
  end if;
  if names is not null then
    execute 'drop table ' || names;
  end if;
end
$$;
