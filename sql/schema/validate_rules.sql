-- Validate the rules of tables that all stored rows now satisfy.
-- It does not read tables whose rules are valid already. Other rules are unchanged.
--   psql "$DATABASE_URL" -f sql/schema/validate_rules.sql
do $$
declare
  unproven record;
begin
  for unproven in
    select
      pg_class.relname,
      pg_constraint.conname
    from pg_constraint
    join pg_class on pg_class.oid = pg_constraint.conrelid
    where pg_constraint.contype = 'c'
      and not pg_constraint.convalidated
      and pg_table_is_visible(pg_class.oid)
      and pg_class.relname in (
        'workflow_runs',
        'open_runs',
        'missing_attempts',
        'windows',
        'ingestions',
        'llm_ingestions',
        'llm_calls',
        'llm_prices',
        'runner_prices'
      )
  loop
    begin
      execute format(
        'alter table %I validate constraint %I',
        unproven.relname,
        unproven.conname
      );
    exception
      when check_violation then
        null;  -- sql/status/unproven_rules.sql says which rows
    end;
  end loop;
end
$$;
