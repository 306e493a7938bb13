-- Which jobs run into their time limit?
-- GitHub reports such jobs and their runs as cancelled, so no failure rate includes them;
-- cancelled_jobs counts these, the others are reported as timed_out. They are recognized by their
-- length: in at least three runs the job was ended after nearly the same time, limit_seconds. The
-- times may differ by two percent from the longest; those of short jobs by a tenth, up to 30
-- seconds. These executions must be more than half of those that ran at least half as long. Three
-- things look alike and are left out. If the job has run longer since the first of these
-- executions, something else cancelled it, or its limit was raised. If most of them ended within a
-- minute after a newer run of the workflow began on their branch, that run cancelled them. If the
-- run failed, the failed job cancelled the others. job is the whole name if it is the same in all
-- of them, otherwise the name without the values of the matrix.
--   psql "$DATABASE_URL" -f sql/analysis/timeouts.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
cut_off as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    job,
    job_base,
    conclusion,
    github_run_id,
    branch,
    created_at,
    completed_at,
    duration_seconds,
    html_url,
    max(duration_seconds) over (
      partition by repository_id, workflow_id, job_base
    ) as longest_seconds
  from executed_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and (
      conclusion = 'timed_out'
      or (conclusion = 'cancelled' and attempt_conclusion in ('cancelled', 'timed_out'))
    )
    and duration_seconds >= 30
),
limits as materialized (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_base,
    longest_seconds,
    around,
    array_agg(distinct job) filter (where is_timeout) as names,
    bool_or(conclusion = 'timed_out') filter (where is_timeout) as is_certain,
    count(distinct github_run_id) filter (where is_timeout) as runs,
    count(*) filter (where is_timeout) as jobs,
    count(*) filter (where is_timeout and conclusion = 'cancelled') as cancelled_jobs,
    min(duration_seconds) filter (where is_timeout) as limit_seconds,
    round(sum(duration_seconds) filter (where is_timeout) / 60.0, 2) as minutes,
    min(created_at) filter (where is_timeout) as first_created_at,
    max(created_at) filter (where is_timeout) as last_created_at,
    array_agg(branch) filter (where is_timeout) as branches,
    array_agg(completed_at) filter (where is_timeout) as ends,
    (array_agg(html_url order by created_at desc) filter (where is_timeout))[1] as html_url
  from cut_off
  cross join lateral (
    select greatest(longest_seconds / 50, least(30, longest_seconds / 10)) as around
  ) as nearness
  cross join lateral (
    select duration_seconds >= longest_seconds - around as is_timeout
  ) as judged
  -- No limit is shorter than a minute.
  where longest_seconds >= 60
  group by
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_base,
    longest_seconds,
    around
  having count(distinct github_run_id) filter (where is_timeout) >= 3
    and 2 * count(*) filter (where is_timeout)
      > count(*) filter (where 2 * duration_seconds >= longest_seconds)
)
select
  repository,
  workflow,
  case when cardinality(names) = 1 then names[1] else job_base end as job,
  runs,
  jobs,
  cancelled_jobs,
  limit_seconds,
  minutes,
  last_created_at,
  html_url,
  workflow_id,
  repository_id
from limits
cross join period
-- A scalar, so that it is looked up for each of these few: all jobs are far more.
where limits.is_certain
  or coalesce(
    (
      select max(taken_jobs.duration_seconds)
      from workflow_runs
      inner join taken_jobs using (github_run_id, run_attempt)
      where workflow_runs.repository_id = limits.repository_id
        and workflow_runs.created_at >= limits.first_created_at
        and workflow_runs.created_at < period.until
        and workflow_runs.workflow_id is not distinct from limits.workflow_id
        and taken_jobs.name = any(limits.names)
        and taken_jobs.conclusion in ('success', 'failure')
    ),
    0
  ) <= limits.longest_seconds + limits.around
  and 2 * (
    select count(*)
    from unnest(limits.branches, limits.ends) as job (branch, ended_at)
    where exists (
      select 1
      from workflow_runs as newer
      where newer.repository_id = limits.repository_id
        and newer.created_at > job.ended_at - interval '1 minute'
        and newer.created_at <= job.ended_at
        and newer.workflow_id is not distinct from limits.workflow_id
        and newer.branch = job.branch
    )
  ) <= cardinality(limits.ends)
order by
  minutes desc,
  repository,
  workflow,
  job
limit (select period.top from period);
