-- The runs of a repository that had not ended when they were last seen, newest first.
-- A run ends 66 days after its creation at the latest: re-run for 30 days, and 35 days to last.
-- What is open for longer is not asked for any more. What was asked for in vain is left out until
-- its next try, unless all are forced.
--   psql "$DATABASE_URL" -f sql/runs/open_runs.sql -v repository_id=7 -v forced=false \
--     -v now=2026-02-01T00:00:00Z
select
  open_runs.github_run_id,
  open_runs.run_attempt,
  open_runs.created_at
from open_runs
left join retries
  on retries.github_run_id = open_runs.github_run_id
  and retries.kind = 'run'
where open_runs.repository_id = :'repository_id'::bigint
  and open_runs.missing_upstream_at is null
  and open_runs.created_at >= :'now'::timestamptz - interval '66 days'
  and (
    retries.tries is null or retries.next_try_at <= :'now'::timestamptz or :'forced'::boolean
  )
order by
  open_runs.created_at desc,
  open_runs.github_run_id desc;
