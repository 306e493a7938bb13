-- Fail if another command makes our tables, or has made them.
-- None can make any until the transaction ends. The number is that of try_migration_lock.sql.
--   psql "$DATABASE_URL" -f sql/schema/refuse_tables.sql
do $$
begin
  if not pg_try_advisory_xact_lock(7245062118) or to_regclass('workflow_runs') is not null then
    raise exception 'another command has just begun to make the tables; wait for it';
  end if;
end
$$;
