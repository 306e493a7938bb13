-- Reads the rows that were there before the rules of 0018, and names those that break one.
-- A table whose rows keep a rule has it marked as valid. One whose rows do not keeps them, so that
-- no database is stopped by its past; new rows have to keep the rule all the same.
-- depends: 0018.rules

create or replace function unproven_rules()
returns table (table_name text, rule text, meaning text, condition text, key_columns text)
language sql
stable
as $$
  select
    pg_class.relname::text as table_name,
    pg_constraint.conname::text as rule,
    obj_description(pg_constraint.oid, 'pg_constraint') as meaning,
    pg_get_expr(pg_constraint.conbin, pg_constraint.conrelid) as condition,
    (
      select string_agg(quote_ident(attname), ', ' order by place)
      from pg_index
      cross join unnest(indkey::smallint[]) with ordinality as keys (attnum, place)
      join pg_attribute on attrelid = indrelid
        and pg_attribute.attnum = keys.attnum
      where indrelid = pg_constraint.conrelid
        and indisprimary
    ) as key_columns
  from pg_constraint
  join pg_class on pg_class.oid = pg_constraint.conrelid
  where pg_constraint.contype = 'c'
    and not pg_constraint.convalidated
    and pg_constraint.connamespace = current_schema()::regnamespace
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
  order by
    table_name,
    rule
$$;

comment on function unproven_rules is
  'One row per rule of a table that its stored rows were not shown to keep.';

create or replace function broken_rules()
returns table (table_name text, rule text, meaning text, condition text, broken bigint, first_key text)
language plpgsql
stable
as $$
declare
  key_columns text;
begin
  for table_name, rule, meaning, condition, key_columns in
    select * from unproven_rules()
  loop
    execute format(
      'select count(*), (select row(%1$s)::text from %2$I where not %3$s order by %1$s limit 1)'
      ' from %2$I where not %3$s',
      key_columns,
      table_name,
      condition
    ) into broken, first_key;
    if broken > 0 then
      return next;
    end if;
  end loop;
end
$$;

comment on function broken_rules is
  'One row per rule that stored rows break: how many they are, and the key of the first one.';

create or replace function validate_rules()
returns setof text
language plpgsql
as $$
declare
  unproven record;
begin
  for unproven in
    select * from unproven_rules()
  loop
    begin
      execute format(
        'alter table %I validate constraint %I', unproven.table_name, unproven.rule
      );
      return next unproven.rule;
    exception
      when check_violation then
        null;  -- broken_rules() names the rows
    end;
  end loop;
end
$$;

comment on function validate_rules is
  'One row per rule that all stored rows turned out to keep, and that is marked as valid now.';

select validate_rules();
