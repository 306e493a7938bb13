-- The tables and views that this toolkit made, in whatever schema of search_path they are.
--   psql "$DATABASE_URL" -f sql/schema/our_tables.sql
select relname as table_name
from pg_class
where relkind in ('r', 'p', 'v')
  and pg_table_is_visible(oid)
  and (
    relname in (
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
    or relname in (
      select name
      from installed_views
    )
  )
order by table_name;
