-- The runs of a repository that had not ended when they were last seen, newest first.
--   psql "$DATABASE_URL" -f sql/open_runs.sql -v repository_id=7
select
  github_run_id,
  run_attempt,
  created_at
from open_runs
where repository_id = :'repository_id'::bigint
order by
  created_at desc,
  github_run_id desc;
