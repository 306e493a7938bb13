-- Every conclusion of an attempt or a job is one that this toolkit knows.
-- GitHub may add some, and a view counts those as neither success nor failure. A conclusion may be
-- missing. A row is an unknown conclusion, with the number of attempts or jobs that have it.
--   psql "$DATABASE_URL" -f sql/checks/conclusions_are_known.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
conclusions as (
  select
    repository_id,
    max(repository) as repository,
    'attempt' as kind,
    conclusion,
    count(*) as occurrences,
    min(github_run_id) as github_run_id
  from workflow_runs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and conclusion not in (
      'success', 'failure', 'timed_out', 'startup_failure', 'cancelled', 'skipped',
      'action_required', 'neutral', 'stale'
    )
  group by
    repository_id,
    conclusion
  union all
  select
    workflow_runs.repository_id,
    max(workflow_runs.repository) as repository,
    'job' as kind,
    workflow_jobs.conclusion,
    count(*) as occurrences,
    min(workflow_jobs.github_run_id) as github_run_id
  from workflow_jobs
  inner join workflow_runs using (github_run_id, run_attempt)
  cross join period
  where workflow_runs.created_at >= period.since
    and workflow_runs.created_at < period.until
    and (period.repository_ids is null or workflow_runs.repository_id = any(period.repository_ids))
    and workflow_jobs.conclusion not in (
      'success', 'failure', 'timed_out', 'cancelled', 'skipped', 'action_required', 'neutral',
      'stale'
    )
  group by
    workflow_runs.repository_id,
    workflow_jobs.conclusion
)
select
  repository,
  kind,
  conclusion,
  occurrences,
  github_run_id,
  repository_id
from conclusions
order by
  repository,
  kind,
  conclusion
limit (select period.top from period);
