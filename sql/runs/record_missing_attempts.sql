-- Record the earlier attempts that GitHub returned at no try, although it has their runs.
-- They are not requested again, except with FULL=1 or if RUN_ID names their run.
--   psql "$DATABASE_URL" -f sql/runs/record_missing_attempts.sql -v repository_id=7
insert into missing_attempts (
  github_run_id, run_attempt, repository_id, missing_at
)
select
  retries.github_run_id,
  retries.run_attempt,
  retries.repository_id,
  retries.tried_at
from retries
inner join pending_attempts using (github_run_id, run_attempt)
where retries.repository_id = :'repository_id'::bigint
  and retries.kind = 'attempt'
  and retries.problem = 'unfinished'
  and retries.next_try_at is null
on conflict (github_run_id, run_attempt) do nothing;
