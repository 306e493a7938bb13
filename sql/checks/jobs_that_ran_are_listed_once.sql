-- No job that ran is listed under two attempts.
-- Its minutes and its cost would count twice. Jobs carried over from an earlier attempt are marked
-- as such and may be listed again. A row is a job that counts more than once.
--   psql "$DATABASE_URL" -f sql/checks/jobs_that_ran_are_listed_once.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
)
select
  max(repository) as repository,
  job_id,
  max(job) as job,
  count(*) as listed,
  min(github_run_id) as github_run_id,
  min(run_attempt) as run_attempt,
  max(run_attempt) as other_run_attempt,
  repository_id
from executed_jobs
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
group by
  repository_id,
  job_id
having count(*) > 1
order by job_id
limit (select period.top from period);
