-- Request again all earlier attempts of a repository that GitHub did not have before.
--   psql "$DATABASE_URL" -f sql/runs/restart_all_attempts.sql -v repository_id=7
with restarted as (
  delete from missing_attempts
  where repository_id = :'repository_id'::bigint
  returning
    github_run_id,
    run_attempt
)
delete from retries
using restarted
where retries.kind = 'attempt'
  and retries.github_run_id = restarted.github_run_id
  and retries.run_attempt = restarted.run_attempt;
