-- The tables and views in this database that this toolkit made.
--   psql "$DATABASE_URL" -f sql/schema/our_tables.sql
select table_name
from information_schema.tables
where table_schema = current_schema()
  and (
    table_name in (
      'workflow_runs',
      'workflow_jobs',
      'workflow_steps',
      'open_runs',
      'missing_attempts',
      'retries',
      'unreached_repositories',
      'windows',
      'leases',
      'llm_calls',
      'llm_spans',
      'llm_prices',
      'llm_ingestions',
      'runner_prices',
      'runner_labels',
      'free_runs',
      'name_kinds',
      'repositories',
      'ingestions',
      'installed_views',
      'kept_views',
      'retention',
      'workflows',
      'accounts',
      'billed_days',
      'billed_usage',
      'default_branches',
      'former_names',
      '_yoyo_migration',
      '_yoyo_log',
      '_yoyo_version',
      'yoyo_lock'
    )
    or table_name in (
      select name
      from installed_views
    )
  )
order by table_name;
