-- Which rules may be violated by rows that were stored before the rule? New rows satisfy all.
-- The query of each rule counts these rows and names the first: end this with \gexec, not with ;
--   psql "$DATABASE_URL" -f sql/status/unproven_rules.sql
with rules as (
  select
    pg_class.relname as table_name,
    pg_constraint.conname as rule,
    obj_description(pg_constraint.oid, 'pg_constraint') as meaning,
    pg_get_expr(pg_constraint.conbin, pg_constraint.conrelid) as condition,
    pg_constraint.conrelid
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
),
keys as (
  select
    rules.rule,
    string_agg(quote_ident(pg_attribute.attname), ', ' order by columns.place) as key
  from rules
  join pg_index on pg_index.indrelid = rules.conrelid
    and pg_index.indisprimary
  cross join unnest(pg_index.indkey::smallint[]) with ordinality as columns (number, place)
  join pg_attribute on pg_attribute.attrelid = rules.conrelid
    and pg_attribute.attnum = columns.number
  group by rules.rule
)
select
  rules.table_name,
  rules.rule,
  rules.meaning,
  rules.condition,
  format(
    'select count(*) as broken, min(key) as first_key from '
    '(select first_value(row(%1$s)::text) over (order by %1$s) as key '
    'from %2$I where not %3$s) as bad_rows',
    keys.key,
    rules.table_name,
    rules.condition
  ) as query
from rules
join keys using (rule)
order by
  rules.table_name,
  rules.rule;
