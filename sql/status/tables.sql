-- For each table: its rows, the times of the oldest and the newest, and its size with indexes.
--   psql "$DATABASE_URL" -f sql/status/tables.sql
select
  'workflow_runs' as table_name,
  count(*) as rows,
  min(created_at) as oldest,
  max(created_at) as newest,
  pg_total_relation_size('workflow_runs') as bytes
from workflow_runs
union all
select
  'workflow_jobs' as table_name,
  count(*) as rows,
  min(started_at) as oldest,
  max(started_at) as newest,
  pg_total_relation_size('workflow_jobs') as bytes
from workflow_jobs
union all
select
  'workflow_steps' as table_name,
  count(*) as rows,
  min(started_at) as oldest,
  max(started_at) as newest,
  pg_total_relation_size('workflow_steps') as bytes
from workflow_steps
union all
select
  'open_runs' as table_name,
  count(*) as rows,
  min(created_at) as oldest,
  max(created_at) as newest,
  pg_total_relation_size('open_runs') as bytes
from open_runs
union all
select
  'missing_attempts' as table_name,
  count(*) as rows,
  min(missing_at) as oldest,
  max(missing_at) as newest,
  pg_total_relation_size('missing_attempts') as bytes
from missing_attempts
union all
select
  'retries' as table_name,
  count(*) as rows,
  min(tried_at) as oldest,
  max(tried_at) as newest,
  pg_total_relation_size('retries') as bytes
from retries
union all
select
  'unreached_repositories' as table_name,
  count(*) as rows,
  min(unreached_at) as oldest,
  max(unreached_at) as newest,
  pg_total_relation_size('unreached_repositories') as bytes
from unreached_repositories
union all
select
  'windows' as table_name,
  count(*) as rows,
  min(created_from) as oldest,
  max(created_from) as newest,
  pg_total_relation_size('windows') as bytes
from windows
union all
select
  'llm_calls' as table_name,
  count(*) as rows,
  min(timestamp) as oldest,
  max(timestamp) as newest,
  pg_total_relation_size('llm_calls') as bytes
from llm_calls
union all
select
  'llm_spans' as table_name,
  count(*) as rows,
  min(read_at) as oldest,
  max(read_at) as newest,
  pg_total_relation_size('llm_spans') as bytes
from llm_spans
union all
select
  'llm_prices' as table_name,
  count(*) as rows,
  min(effective_from)::timestamp at time zone 'UTC' as oldest,
  max(effective_from)::timestamp at time zone 'UTC' as newest,
  pg_total_relation_size('llm_prices') as bytes
from llm_prices
union all
select
  'llm_ingestions' as table_name,
  count(*) as rows,
  min(started_at) as oldest,
  max(started_at) as newest,
  pg_total_relation_size('llm_ingestions') as bytes
from llm_ingestions
union all
select
  'runner_prices' as table_name,
  count(*) as rows,
  min(effective_from)::timestamp at time zone 'UTC' as oldest,
  max(effective_from)::timestamp at time zone 'UTC' as newest,
  pg_total_relation_size('runner_prices') as bytes
from runner_prices
union all
select
  'runner_labels' as table_name,
  count(*) as rows,
  null as oldest,
  null as newest,
  pg_total_relation_size('runner_labels') as bytes
from runner_labels
union all
select
  'free_runs' as table_name,
  count(*) as rows,
  null as oldest,
  null as newest,
  pg_total_relation_size('free_runs') as bytes
from free_runs
union all
select
  'name_kinds' as table_name,
  count(*) as rows,
  null as oldest,
  null as newest,
  pg_total_relation_size('name_kinds') as bytes
from name_kinds
union all
select
  'repositories' as table_name,
  count(*) as rows,
  min(first_seen_at) as oldest,
  max(first_seen_at) as newest,
  pg_total_relation_size('repositories') as bytes
from repositories
union all
select
  'ingestions' as table_name,
  count(*) as rows,
  min(started_at) as oldest,
  max(started_at) as newest,
  pg_total_relation_size('ingestions') as bytes
from ingestions
union all
select
  'leases' as table_name,
  count(*) as rows,
  min(acquired_at) as oldest,
  max(acquired_at) as newest,
  pg_total_relation_size('leases') as bytes
from leases
union all
select
  'retention' as table_name,
  count(*) as rows,
  min(chosen_at) as oldest,
  max(chosen_at) as newest,
  pg_total_relation_size('retention') as bytes
from retention
union all
select
  'workflows' as table_name,
  count(*) as rows,
  min(listed_at) as oldest,
  max(listed_at) as newest,
  pg_total_relation_size('workflows') as bytes
from workflows
union all
select
  'default_branches' as table_name,
  count(*) as rows,
  min(first_seen_at) as oldest,
  max(last_seen_at) as newest,
  pg_total_relation_size('default_branches') as bytes
from default_branches
union all
select
  'former_names' as table_name,
  count(*) as rows,
  min(last_seen_at) as oldest,
  max(last_seen_at) as newest,
  pg_total_relation_size('former_names') as bytes
from former_names
union all
select
  'billed_days' as table_name,
  count(*) as rows,
  min(usage_date)::timestamp at time zone 'UTC' as oldest,
  max(usage_date)::timestamp at time zone 'UTC' as newest,
  pg_total_relation_size('billed_days') as bytes
from billed_days
union all
select
  'billed_usage' as table_name,
  count(*) as rows,
  min(usage_date)::timestamp at time zone 'UTC' as oldest,
  max(usage_date)::timestamp at time zone 'UTC' as newest,
  pg_total_relation_size('billed_usage') as bytes
from billed_usage;
