-- Which jobs both fail and succeed on the same commit?
-- Jobs that failed in one attempt of a run and succeeded in another, in either order, in at least
-- two runs; a single one may be a network fault. Two runs of a commit are not compared, because
-- their inputs, their merge base or the world around them can differ. Failures in outages, when
-- nearly everything fails, do not count. The jobs of a matrix are combined, but if only one of them
-- was flaky, the row is about that one. The most expensive job comes first.
-- flaky_percent is the share of the commits on which the job finished. flaky_commits, flaky_runs
-- and flaky_percent are lower bounds, because a flaky failure that nobody re-ran is not counted.
-- failed_minutes is the time that these failures ran. member_names are the first five members of a
-- matrix that were flaky.
--   psql "$DATABASE_URL" -f sql/analysis/flaky_jobs.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
flaky as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_base,
    case when count(distinct job) = 1 then min(job) else job_base end as job,
    count(distinct job) as members,
    array_to_string((array_agg(distinct job order by job))[1:5], ', ') as member_names,
    count(distinct commit_sha) as flaky_commits,
    count(distinct github_run_id) as flaky_runs,
    sum(red_attempts)::bigint as failures,
    sum(red_seconds) as failed_seconds,
    max(created_at) as last_created_at,
    (array_agg(html_url order by created_at desc, job))[1] as html_url
  from flaky_job_runs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_base
  having count(distinct github_run_id) >= 2
),
commits as (
  select
    flaky.repository_id,
    flaky.workflow_id,
    flaky.job,
    count(distinct executed_jobs.commit_sha) as commits,
    count(distinct executed_jobs.github_run_id) as runs
  from executed_jobs
  cross join period
  inner join flaky
    on flaky.repository_id = executed_jobs.repository_id
    and flaky.workflow_id is not distinct from executed_jobs.workflow_id
    and flaky.job_base = executed_jobs.job_base
    and (flaky.members > 1 or flaky.job = executed_jobs.job)
  where executed_jobs.created_at >= period.since
    and executed_jobs.created_at < period.until
    and (period.repository_ids is null or executed_jobs.repository_id = any(period.repository_ids))
    and executed_jobs.is_decided
  group by
    flaky.repository_id,
    flaky.workflow_id,
    flaky.job
)
select
  flaky.repository,
  flaky.workflow,
  flaky.job,
  flaky.flaky_commits,
  commits.commits,
  round(100.0 * flaky.flaky_commits / nullif(commits.commits, 0), 4) as flaky_percent,
  flaky.failures,
  round(flaky.failed_seconds / 60.0, 2) as failed_minutes,
  flaky.last_created_at,
  flaky.members,
  flaky.member_names,
  flaky.flaky_runs,
  commits.runs,
  flaky.html_url,
  flaky.workflow_id,
  flaky.repository_id
from flaky
left join commits
  on commits.repository_id is not distinct from flaky.repository_id
  and commits.workflow_id is not distinct from flaky.workflow_id
  and commits.job = flaky.job
order by
  flaky.failed_seconds desc nulls last,
  flaky_percent desc,
  flaky.repository,
  flaky.workflow,
  flaky.job
limit (select period.top from period);
