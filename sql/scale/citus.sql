-- Distribute the tables of runs over the workers of a Citus cluster, by github_run_id.
-- Run it once, after make migrate, on the coordinator. All rows of a run are then on one worker, so
-- that a run, its attempts, jobs and steps are stored and joined there. Prices, repositories,
-- workflows and accounts are small and are copied to every worker. All other tables stay on the
-- coordinator. See docs/scale.md for what was tried.
--   psql "$DATABASE_URL" -f sql/scale/citus.sql
select create_distributed_table('workflow_runs', 'github_run_id');

select create_distributed_table('workflow_jobs', 'github_run_id', colocate_with => 'workflow_runs');

select create_distributed_table('workflow_steps', 'github_run_id', colocate_with => 'workflow_runs');

select create_distributed_table('open_runs', 'github_run_id', colocate_with => 'workflow_runs');

select create_distributed_table(
  'missing_attempts', 'github_run_id', colocate_with => 'workflow_runs'
);

select create_reference_table('repositories');

select create_reference_table('workflows');

select create_reference_table('accounts');

select create_reference_table('runner_prices');

select create_reference_table('runner_labels');

select create_reference_table('free_runs');

select create_reference_table('name_kinds');

select create_reference_table('llm_prices');
