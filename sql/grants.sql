-- Make telemetry_reader, a role that may only read, for Grafana, Metabase, notebooks and people.
-- Run it as an administrator, or as the role that ingests if it may create roles; you can run it
-- again. The new role cannot log in before it has a password: set one with \password
-- telemetry_reader in psql. It can also read what an upgrade adds.
--   psql "$DATABASE_URL" -f sql/grants.sql
do $$
declare
  reader constant text := 'telemetry_reader';
  owner regrole;
  place regnamespace;
  relation regclass;
begin
  select
    relowner,
    relnamespace
  into owner, place
  from pg_class
  where oid = to_regclass('workflow_runs');
  if owner is null then
    raise undefined_table using message = 'there are no tables yet: ingest first, or run migrate';
  end if;
  if to_regrole(reader) is null then
    begin
      execute format('create role %I login', reader);
    exception
      when duplicate_object or unique_violation then
        null;  -- made by another session at this moment
    end;
    -- So a forgotten query does not block an upgrade for ever. A session may change these limits.
    execute format('alter role %I set statement_timeout = %L', reader, '10min');
    execute format('alter role %I set idle_in_transaction_session_timeout = %L', reader, '10min');
  end if;
  if (select rolsuper from pg_roles where rolname = reader) or pg_has_role(reader, owner, 'member')
  then
    raise insufficient_privilege using
      message = format('%I may do more than read: it is a superuser or acts as %s', reader, owner);
  end if;
  execute format('grant connect on database %I to %I', current_database(), reader);
  execute format('grant usage on schema %s to %I', place, reader);
  for relation in
    select oid
    from pg_class
    where relnamespace = place
      and relowner = owner
      and relkind in ('r', 'p', 'v', 'm')
  loop
    execute format('grant select on %s to %I', relation, reader);
  end loop;
  execute format(
    'alter default privileges for role %s in schema %s grant select on tables to %I',
    owner,
    place,
    reader
  );
end
$$;
