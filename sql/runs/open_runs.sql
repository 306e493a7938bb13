-- The runs of a repository that had not ended when they were last seen, newest first.
-- A run ends at most 66 days after its creation: it can be re-run for 30 days and last for 35.
-- Runs that were still open at a complete ingest after that are not fetched any more. Items whose
-- fetch failed are left out until their next try, unless all are forced.
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
  and (
    retries.tries is not null
    or open_runs.created_at >= (
      select coalesce(max(ingestions.started_at), '-infinity') - interval '66 days'
      from ingestions
      where ingestions.repository_id = :'repository_id'::bigint
        and ingestions.outcome = 'complete'
    )
  )
  and (
    retries.tries is null or retries.next_try_at <= :'now'::timestamptz or :'forced'::boolean
  )
order by
  open_runs.created_at desc,
  open_runs.github_run_id desc;
