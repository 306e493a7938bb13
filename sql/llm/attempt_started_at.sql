-- When an attempt of a workflow run started; the first attempt if none is named.
--   psql "$DATABASE_URL" -f sql/llm/attempt_started_at.sql \
--     -v github_run_id=1 -v github_run_attempt=1
select started_at
from workflow_runs
where github_run_id = :'github_run_id'::bigint
  and run_attempt = coalesce(:'github_run_attempt'::integer, 1);
