-- Known attempts of some runs that are not stored: open ones, and ones that GitHub no longer has.
--   psql "$DATABASE_URL" -f sql/runs/verify_unstored_attempts.sql -v github_run_ids='{1,2}'
select
  github_run_id,
  run_attempt,
  coalesce(status, 'open') as status
from open_runs
where github_run_id = any(:'github_run_ids'::bigint[])
union all
select
  github_run_id,
  run_attempt,
  'gone' as status
from missing_attempts
where github_run_id = any(:'github_run_ids'::bigint[]);
