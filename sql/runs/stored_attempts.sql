-- Which of these attempts are stored.
--   psql "$DATABASE_URL" -f sql/runs/stored_attempts.sql \
--     -v github_run_ids='{1,2}' -v run_attempts='{1,1}'
select
  workflow_runs.github_run_id,
  workflow_runs.run_attempt
from workflow_runs
inner join (
  select
    unnest(:'github_run_ids'::bigint[]) as github_run_id,
    unnest(:'run_attempts'::integer[]) as run_attempt
) as due using (github_run_id, run_attempt)
order by
  workflow_runs.github_run_id,
  workflow_runs.run_attempt;
