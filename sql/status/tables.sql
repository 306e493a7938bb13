-- For each table: its rows, the times of the oldest and the newest, and its size with indexes.
--   psql "$DATABASE_URL" -f sql/status/tables.sql
with tables (table_name, rows, oldest, newest) as (
  select 'workflow_runs', count(*), min(created_at), max(created_at) from workflow_runs
  union all
  select 'workflow_jobs', count(*), min(started_at), max(started_at) from workflow_jobs
  union all
  select 'workflow_steps', count(*), min(started_at), max(started_at) from workflow_steps
  union all
  select 'open_runs', count(*), min(created_at), max(created_at) from open_runs
  union all
  select 'missing_attempts', count(*), min(missing_at), max(missing_at) from missing_attempts
  union all
  select 'retries', count(*), min(tried_at), max(tried_at) from retries
  union all
  select 'unreached_repositories', count(*), min(unreached_at), max(unreached_at)
  from unreached_repositories
  union all
  select 'windows', count(*), min(created_from), max(created_from) from windows
  union all
  select 'llm_calls', count(*), min(timestamp), max(timestamp) from llm_calls
  union all
  select 'llm_spans', count(*), min(read_at), max(read_at) from llm_spans
  union all
  select 'llm_prices', count(*), min(effective_from)::timestamp at time zone 'UTC',
    max(effective_from)::timestamp at time zone 'UTC'
  from llm_prices
  union all
  select 'llm_ingestions', count(*), min(started_at), max(started_at) from llm_ingestions
  union all
  select 'runner_prices', count(*), min(effective_from)::timestamp at time zone 'UTC',
    max(effective_from)::timestamp at time zone 'UTC'
  from runner_prices
  union all
  select 'runner_labels', count(*), null, null from runner_labels
  union all
  select 'free_runs', count(*), null, null from free_runs
  union all
  select 'name_kinds', count(*), null, null from name_kinds
  union all
  select 'repositories', count(*), min(first_seen_at), max(first_seen_at) from repositories
  union all
  select 'ingestions', count(*), min(started_at), max(started_at) from ingestions
  union all
  select 'leases', count(*), min(acquired_at), max(acquired_at) from leases
  union all
  select 'retention', count(*), min(chosen_at), max(chosen_at) from retention
  union all
  select 'workflows', count(*), min(listed_at), max(listed_at) from workflows
  union all
  select 'accounts', count(*), null, null from accounts
  union all
  select 'default_branches', count(*), min(first_seen_at), max(last_seen_at) from default_branches
  union all
  select 'former_names', count(*), min(last_seen_at), max(last_seen_at) from former_names
  union all
  select 'billed_days', count(*), min(usage_date)::timestamp at time zone 'UTC',
    max(usage_date)::timestamp at time zone 'UTC'
  from billed_days
  union all
  select 'billed_usage', count(*), min(usage_date)::timestamp at time zone 'UTC',
    max(usage_date)::timestamp at time zone 'UTC'
  from billed_usage
)
select
  table_name,
  rows,
  oldest,
  newest,
  pg_total_relation_size(table_name::regclass) as bytes
from tables;
