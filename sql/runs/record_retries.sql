-- Remember items that could not be fetched, and when to try each of them again.
-- Rows are a JSON array of objects with kind, github_run_id, run_attempt, problem and reason.
-- After an hour, six hours, a day and three days an item is given up: its next_try_at is NULL.
-- When its attempt has changed since the last try, the tries start again.
--   psql "$DATABASE_URL" -f sql/runs/record_retries.sql -v repository_id=7 \
--     -v tried_at=2026-01-02T00:00:00Z -v rows='[{"kind":"jobs","github_run_id":1,
--     "run_attempt":1,"problem":"unfinished","reason":"job 5 is in_progress"}]'
insert into retries (
  github_run_id, run_attempt, kind, repository_id, problem, reason, tries, tried_at, next_try_at,
  attempt_updated_at
)
select
  tried.github_run_id,
  tried.run_attempt,
  tried.kind,
  :'repository_id'::bigint as repository_id,
  tried.problem,
  tried.reason,
  coalesce(retries.tries, 0) + 1 as tries,
  :'tried_at'::timestamptz as tried_at,
  :'tried_at'::timestamptz + (
    array['1 hour', '6 hours', '24 hours', '72 hours']::interval[]
  )[coalesce(retries.tries, 0) + 1] as next_try_at,
  workflow_runs.updated_at as attempt_updated_at
from json_to_recordset(:'rows'::json) as tried (
  kind text,
  github_run_id bigint,
  run_attempt integer,
  problem text,
  reason text
)
left join workflow_runs using (github_run_id, run_attempt)
left join retries
  on retries.github_run_id = tried.github_run_id
  and retries.run_attempt = tried.run_attempt
  and retries.kind = tried.kind
  and retries.attempt_updated_at is not distinct from workflow_runs.updated_at
on conflict (github_run_id, run_attempt, kind) do update set
  repository_id = excluded.repository_id,
  problem = excluded.problem,
  reason = excluded.reason,
  tries = excluded.tries,
  tried_at = excluded.tried_at,
  next_try_at = excluded.next_try_at,
  attempt_updated_at = excluded.attempt_updated_at;
