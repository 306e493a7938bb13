-- Let the server count what the tables hold, as autovacuum does some time after many changes.
-- Tables that another command is analyzing, or that belong to another role, are skipped.
--   psql "$DATABASE_URL" -f sql/schema/analyze.sql
analyze (skip_locked)
  workflow_runs,
  workflow_jobs,
  workflow_steps,
  repositories,
  workflows,
  windows,
  llm_calls,
  llm_prices,
  runner_prices;
