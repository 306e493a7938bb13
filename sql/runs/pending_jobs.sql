-- Runs with attempts whose jobs are still to be fetched, newest first.
--   psql "$DATABASE_URL" -f sql/runs/pending_jobs.sql -v repository_id=7 -v limit=100
select
  github_run_id,
  array_agg(run_attempt order by run_attempt) as run_attempts,
  array_agg(started_at order by run_attempt) as started_at,
  array_agg(conclusion order by run_attempt) as conclusions
from workflow_runs
where repository_id = :'repository_id'::bigint
  and jobs_listed_at is null
  and missing_upstream_at is null
group by github_run_id
order by
  max(created_at) desc,
  github_run_id desc
limit :'limit'::bigint;
