-- Which tables have grown by more than a fifth since the server last counted their rows?
-- Without these counts PostgreSQL chooses plans for a few rows, which take minutes for thousands.
--   psql "$DATABASE_URL" -f sql/schema/outdated_statistics.sql
select relname as table_name
from pg_class
where oid in (
  to_regclass('workflow_runs'),
  to_regclass('workflow_jobs'),
  to_regclass('workflow_steps'),
  to_regclass('repositories'),
  to_regclass('workflows'),
  to_regclass('windows'),
  to_regclass('llm_calls'),
  to_regclass('llm_prices'),
  to_regclass('runner_prices')
)
  and pg_relation_size(oid) > 1.2 * relpages * current_setting('block_size')::bigint
order by relname;
