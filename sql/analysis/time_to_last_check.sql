-- How long does a commit wait from its push to the end of its last check?
-- Checks are the runs that start within ten minutes of the push, for a pull request, a branch or
-- the merge queue. The time is from the creation of the first run to the end of the last one, by
-- first attempts; a run that had to be approved counts from its approval. A workflow that never
-- started a job is not a check. left_out counts the commits for which the time is not known. There
-- are four reasons: a newer push cancelled a check, so that it neither succeeded nor failed; a
-- check failed without a job, most often because GitHub could not read the workflow's file; a run
-- that began within the ten minutes is not over; the first attempt of a check is not stored. checks
-- is the average number for a commit. last_workflow is the one that most often ends last, on
-- last_percent of the commits. estimated counts commits with a check whose jobs are not stored; its
-- end is GitHub's last change, which may be too late.
--   psql "$DATABASE_URL" -f sql/analysis/time_to_last_check.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
-- A run within a week of the push is one of an older commit.
checks as (
  select
    repository_id,
    branch_class,
    commit_sha,
    workflow_id,
    workflow,
    created_at,
    min(created_at) over (partition by repository_id, branch_class, commit_sha) as pushed_at,
    -- A later attempt is a first one if it was approved, and then its wait begins.
    case when run_attempt > 1 then started_at end as approved_at,
    completed_at,
    is_decided and is_first_attempt and not is_broken as is_decided,
    bool_and(is_broken) over (partition by repository_id, workflow_id) as is_no_check,
    is_exact
  from attempts
  cross join period
  where created_at >= period.since - interval '168 hours'
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and conclusion is distinct from 'skipped'
    and (is_first_attempt or (is_first_missing and is_latest_attempt))
    and is_of_push
    and commit_sha is not null
),
commits as (
  select
    repository_id,
    branch_class,
    commit_sha,
    count(*) as checks,
    bool_and(is_decided)
    -- The commit of a run that has not ended is not stored.
    and not exists (
      select 1
      from open_runs
      where open_runs.repository_id = checks.repository_id
        and open_runs.created_at >= checks.pushed_at
        and open_runs.created_at < checks.pushed_at + interval '10 minutes'
        and open_runs.missing_upstream_at is null
    ) as is_decided,
    bool_and(is_exact) as is_exact,
    (array_agg(workflow_id order by completed_at desc nulls last, workflow))[1] as last_workflow_id,
    (array_agg(workflow order by completed_at desc nulls last, workflow))[1] as last_workflow,
    extract(
      epoch from case
        when count(approved_at) > 0 then max(completed_at - coalesce(approved_at, pushed_at))
        else max(completed_at) - min(pushed_at)
      end
    ) as seconds
  from checks
  cross join period
  where created_at < pushed_at + interval '10 minutes'
    and pushed_at >= period.since
    and not is_no_check
  group by
    repository_id,
    branch_class,
    commit_sha,
    pushed_at
),
lasts as (
  select distinct on (repository_id, branch_class)
    repository_id,
    branch_class,
    last_workflow,
    count(*) as commits
  from commits
  where is_decided
  group by
    repository_id,
    branch_class,
    last_workflow_id,
    last_workflow
  order by
    repository_id,
    branch_class,
    count(*) desc,
    last_workflow
)
select
  repository_names.repository,
  branch_class,
  count(*) filter (where commits.is_decided) as commits,
  round(
    (
      percentile_cont(0.5) within group (order by commits.seconds)
      filter (where commits.is_decided)
    )::numeric
  )::bigint as p50_seconds,
  case
    when count(commits.seconds) filter (where commits.is_decided) >= 20 then round(
      (
        percentile_cont(0.9) within group (order by commits.seconds)
        filter (where commits.is_decided)
      )::numeric
    )::bigint
  end as p90_seconds,
  round(avg(commits.checks) filter (where commits.is_decided), 1) as checks,
  lasts.last_workflow,
  round(
    100.0 * lasts.commits / nullif(count(*) filter (where commits.is_decided), 0), 4
  ) as last_percent,
  count(*) filter (where not commits.is_decided) as left_out,
  count(*) filter (where commits.is_decided and not commits.is_exact) as estimated,
  repository_id
from commits
inner join repository_names using (repository_id)
left join lasts using (repository_id, branch_class)
group by
  repository_id,
  repository_names.repository,
  branch_class,
  lasts.last_workflow,
  lasts.commits
order by
  commits desc,
  repository_names.repository,
  repository_id,
  branch_class
limit (select period.top from period);
