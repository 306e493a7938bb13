-- The attempt of a repository's runs that GitHub most probably answers about.
-- If a request about it is refused as well, the token lacks a permission.
--   psql "$DATABASE_URL" -f sql/runs/known_attempt.sql -v repository_id=7
select
  github_run_id,
  run_attempt
from workflow_runs
where repository_id = :'repository_id'::bigint
  and missing_upstream_at is null
order by
  jobs_listed_at is null,
  created_at desc,
  github_run_id desc,
  run_attempt desc
limit 1;
