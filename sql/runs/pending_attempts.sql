-- Earlier attempts of a repository's runs that are not stored and not known to be gone.
-- A list of GitHub's shows only the latest attempt; those before it are final, even while it runs.
--   psql "$DATABASE_URL" -f sql/runs/pending_attempts.sql -v repository_id=7
with latest as (
  select
    github_run_id,
    max(run_attempt) as run_attempt,
    min(created_at) as created_at
  from (
    select
      github_run_id,
      run_attempt,
      created_at
    from workflow_runs
    where repository_id = :'repository_id'::bigint
      and run_attempt > 1
      and missing_upstream_at is null
    union all
    select
      github_run_id,
      run_attempt,
      created_at
    from open_runs
    where repository_id = :'repository_id'::bigint
      and run_attempt > 1
      and missing_upstream_at is null
  ) as known
  group by github_run_id
),
earlier as (
  select
    latest.github_run_id,
    attempts.run_attempt,
    latest.created_at
  from latest
  -- GitHub ends re-runs at 50; a number far beyond is not to be taken at its word.
  cross join generate_series(1, 1000) as attempts (run_attempt)
  where attempts.run_attempt < latest.run_attempt
)
select
  earlier.github_run_id,
  earlier.run_attempt,
  earlier.created_at
from earlier
where not exists (
    select 1
    from workflow_runs
    where workflow_runs.github_run_id = earlier.github_run_id
      and workflow_runs.run_attempt = earlier.run_attempt
  )
  and not exists (
    select 1
    from missing_attempts
    where missing_attempts.github_run_id = earlier.github_run_id
      and missing_attempts.run_attempt = earlier.run_attempt
  )
order by
  earlier.created_at desc,
  earlier.github_run_id desc,
  earlier.run_attempt;
