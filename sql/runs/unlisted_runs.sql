-- Runs of a repository that a complete list left out and that have not been fetched since.
-- Items whose fetch failed are left out until their next try, unless all are forced.
--   psql "$DATABASE_URL" -f sql/runs/unlisted_runs.sql -v repository_id=7 -v most=50 \
--     -v forced=false -v now=2026-02-01T00:00:00Z
select distinct workflow_runs.github_run_id
from workflow_runs
left join retries
  on retries.github_run_id = workflow_runs.github_run_id
  and retries.kind = 'run'
where workflow_runs.repository_id = :'repository_id'::bigint
  and workflow_runs.unlisted_at is not null
  and workflow_runs.missing_upstream_at is null
  and (
    retries.tries is null or retries.next_try_at <= :'now'::timestamptz or :'forced'::boolean
  )
order by workflow_runs.github_run_id desc
limit :'most'::integer;
