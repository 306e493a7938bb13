-- Every job that failed is one row of the view failure_causes, with one cause of the closed list.
-- Every failed attempt is there too, by its jobs or by itself. A row is a day of a repository on
-- which failed jobs are missing there or count twice, failed attempts are missing, or a cause is
-- not in the list.
--   psql "$DATABASE_URL" -f sql/checks/every_failure_has_one_cause.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
failed as materialized (
  select
    coalesce(repository_id, 0) as repository_id,
    repository,
    day,
    count(*) as jobs
  from executed_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and conclusion in ('failure', 'timed_out')
  group by
    repository_id,
    repository,
    day
),
red as materialized (
  select
    coalesce(repository_id, 0) as repository_id,
    repository,
    day,
    count(*) as attempts
  from attempts
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and is_red
    and is_exact
  group by
    repository_id,
    repository,
    day
),
causes as materialized (
  select
    coalesce(repository_id, 0) as repository_id,
    repository,
    day,
    count(*) filter (where job_id is not null and conclusion <> 'cancelled') as jobs,
    count(distinct (github_run_id, run_attempt)) filter (where attempt_is_red) as attempts,
    count(*) filter (
      where cause not in (
        'workflow file', 'no job failed', 'outage', 'runner', 'time limit', 'no steps',
        'no step failed', 'runner lost', 'set-up', 'clean-up', 'flaky', 'code', 'not run again'
      )
    ) as unlisted
  from failure_causes
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by
    repository_id,
    repository,
    day
)
select
  repository,
  day,
  failed.jobs as failed_jobs,
  causes.jobs as jobs_with_cause,
  red.attempts as failed_attempts,
  causes.attempts as attempts_with_cause,
  causes.unlisted,
  repository_id
from failed
full join red using (repository_id, repository, day)
full join causes using (repository_id, repository, day)
where coalesce(failed.jobs, 0) <> coalesce(causes.jobs, 0)
  or coalesce(red.attempts, 0) > coalesce(causes.attempts, 0)
  or causes.unlisted > 0
order by
  repository_id,
  day
limit (select period.top from period);
