-- Which tables have grown by more than a fifth since the server last counted their rows?
-- Without these counts PostgreSQL chooses plans for a few rows, which take minutes for thousands,
-- or for many rows of a price list that has forty. Autovacuum never counts a table that small.
--   psql "$DATABASE_URL" -f sql/schema/outdated_statistics.sql
select relname as table_name
from pg_class
where oid in (
  to_regclass('workflow_runs'),
  to_regclass('workflow_jobs'),
  to_regclass('workflow_steps'),
  to_regclass('open_runs'),
  to_regclass('missing_attempts'),
  to_regclass('retries'),
  to_regclass('repositories'),
  to_regclass('unreached_repositories'),
  to_regclass('default_branches'),
  to_regclass('former_names'),
  to_regclass('workflows'),
  to_regclass('accounts'),
  to_regclass('windows'),
  to_regclass('ingestions'),
  to_regclass('leases'),
  to_regclass('retention'),
  to_regclass('llm_calls'),
  to_regclass('llm_spans'),
  to_regclass('llm_ingestions'),
  to_regclass('llm_prices'),
  to_regclass('runner_prices'),
  to_regclass('runner_labels'),
  to_regclass('free_runs'),
  to_regclass('name_kinds'),
  to_regclass('billed_usage'),
  to_regclass('billed_days'),
  to_regclass('installed_views'),
  to_regclass('kept_views')
)
  and pg_relation_size(oid) > 1.2 * relpages * current_setting('block_size')::bigint
order by relname;
