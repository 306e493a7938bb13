-- Runs of a repository that a complete list left out and that were not asked for since.
--   psql "$DATABASE_URL" -f sql/runs/unlisted_runs.sql -v repository_id=7 -v most=50
select distinct github_run_id
from workflow_runs
where repository_id = :'repository_id'::bigint
  and unlisted_at is not null
  and missing_upstream_at is null
order by github_run_id desc
limit :'most'::integer;
