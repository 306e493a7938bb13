-- Earlier attempts of a repository's runs to fetch now, newest run first.
-- Items whose fetch failed are left out until their next try, unless all are forced.
--   psql "$DATABASE_URL" -f sql/runs/pending_attempts.sql -v repository_id=7 -v forced=false \
--     -v now=2026-02-01T00:00:00Z
select
  github_run_id,
  run_attempt,
  created_at
from pending_attempts
where repository_id = :'repository_id'::bigint
  and (tries is null or next_try_at <= :'now'::timestamptz or :'forced'::boolean)
order by
  created_at desc,
  github_run_id desc,
  run_attempt;
