-- A short job of a first attempt counted as carried over if it ended before the attempt's start,
-- which is a matter of GitHub's clocks only. The end of its attempt is taken from its jobs again.
-- depends: 0151.workflows-of-runs
with corrected as (
  update workflow_jobs
  set is_inherited = false
  where run_attempt = 1
    and is_inherited
  returning github_run_id, run_attempt
)
update workflow_runs
set jobs_listed_at = null
from (select distinct github_run_id, run_attempt from corrected) as attempts
where workflow_runs.github_run_id = attempts.github_run_id
  and workflow_runs.run_attempt = attempts.run_attempt;
