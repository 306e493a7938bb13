-- Runs with attempts whose jobs are to be fetched now, newest first.
-- Items whose fetch failed are left out until their next try, unless all are forced.
--   psql "$DATABASE_URL" -f sql/runs/pending_jobs.sql -v repository_id=7 -v forced=false \
--     -v now=2026-02-01T00:00:00Z
select
  github_run_id,
  max(created_at) as created_at,
  array_agg(run_attempt order by run_attempt) as run_attempts,
  array_agg(started_at order by run_attempt) as started_at,
  array_agg(conclusion order by run_attempt) as conclusions
from pending_jobs
where repository_id = :'repository_id'::bigint
  and (tries is null or next_try_at <= :'now'::timestamptz or :'forced'::boolean)
group by github_run_id
order by
  max(created_at) desc,
  github_run_id desc;
