-- Which jobs fail and then succeed on the same commit?
-- Over the last 30 days: jobs that failed, were really run again in the same run, and succeeded, on
-- at least two commits. Failures in outages, where nearly everything fails, do not count. The
-- percentage is of the commits on which the job came to an end; it is a lower bound, since nobody
-- learns of a flaky failure that was not run again. failed_minutes is what these failures ran for.
--   psql "$DATABASE_URL" -f sql/analysis/flaky_jobs.sql
with flaky as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    job,
    count(distinct commit_sha) as flaky_commits,
    sum(red_attempts)::bigint as failures,
    sum(red_seconds) as failed_seconds,
    max(created_at) as last_created_at
  from flaky_job_runs
  where created_at >= now() - interval '30 days'
  group by
    repository_id,
    repository,
    workflow_id,
    workflow,
    job
  having count(distinct commit_sha) >= 2
),
commits as (
  select
    repository_id,
    workflow_id,
    job,
    count(distinct commit_sha) as commits
  from executed_jobs
  where created_at >= now() - interval '30 days'
    and is_decided
  group by
    repository_id,
    workflow_id,
    job
)
select
  flaky.repository,
  flaky.workflow,
  flaky.job,
  flaky.flaky_commits,
  commits.commits,
  round(100.0 * flaky.flaky_commits / nullif(commits.commits, 0), 1) as flaky_percent,
  flaky.failures,
  round(flaky.failed_seconds / 60.0)::bigint as failed_minutes,
  (flaky.last_created_at at time zone 'UTC')::date as last_day
from flaky
left join commits
  on commits.repository_id is not distinct from flaky.repository_id
  and commits.workflow_id is not distinct from flaky.workflow_id
  and commits.job = flaky.job
order by
  flaky.flaky_commits desc,
  flaky_percent desc,
  flaky.repository,
  flaky.workflow,
  flaky.job;
