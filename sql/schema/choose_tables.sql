-- Name the tables that keep_views.sql and drop_tables.sql of this transaction are about.
--   psql "$DATABASE_URL" -f sql/schema/choose_tables.sql -v tables='{workflow_runs,open_runs}'
select set_config('actions_telemetry.tables', :'tables'::text[]::text, true) as tables;
