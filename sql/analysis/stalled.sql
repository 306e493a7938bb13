-- Which merge queues and schedules have not succeeded for three runs or more?
-- Neither is red on the default branch: a merge queue tests groups before they are merged, and what
-- is cancelled fails nothing. Of a merge queue, the groups since its last green one, all failed, of
-- three branches or more; cancelled ones are left out, because a queue builds groups again. Of a
-- schedule, its runs since the last green one, all cancelled. base_branch is the branch that the
-- queue merges into. last_green_at is NULL if none in the period was green. A workflow that was
-- deleted or disabled is left out.
--   psql "$DATABASE_URL" -f sql/analysis/stalled.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
runs as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    case
      when branch_class = 'merge_queue'
        then substring(branch from '^gh-readonly-queue/(.+)/[^/]+$')
    end as base_branch,
    branch,
    is_success,
    is_red,
    created_at,
    html_url,
    count(*) filter (where is_success) over (
      partition by
        repository_id,
        workflow_id,
        branch_class,
        case
          when branch_class = 'merge_queue'
            then substring(branch from '^gh-readonly-queue/(.+)/[^/]+$')
        end
      order by
        created_at desc,
        github_run_id desc
    ) as greens_since
  from attempts
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and is_latest_attempt
    and (
      (branch_class = 'merge_queue' and is_decided)
      or (event_type = 'schedule' and (is_decided or conclusion = 'cancelled'))
    )
)
select
  runs.repository,
  runs.workflow,
  runs.branch_class,
  runs.base_branch,
  count(*) filter (where runs.greens_since = 0) as runs,
  min(runs.created_at) filter (where runs.greens_since = 0) as first_created_at,
  max(runs.created_at) filter (where runs.greens_since = 0) as last_created_at,
  max(runs.created_at) filter (where runs.is_success) as last_green_at,
  count(distinct runs.branch) filter (where runs.greens_since = 0) as branches,
  (array_agg(runs.html_url order by runs.created_at desc))[1] as html_url,
  runs.workflow_id,
  runs.repository_id
from runs
left join workflow_names
  on workflow_names.repository_id = runs.repository_id
  and workflow_names.workflow_id = runs.workflow_id
where coalesce(workflow_names.state, 'active') = 'active'
group by
  runs.repository_id,
  runs.repository,
  runs.workflow_id,
  runs.workflow,
  runs.branch_class,
  runs.base_branch
having count(*) filter (where runs.greens_since = 0) >= 3
  and case
    when runs.branch_class = 'merge_queue'
      then count(distinct runs.branch) filter (where runs.greens_since = 0) >= 3
    else count(*) filter (where runs.greens_since = 0 and runs.is_red) = 0
  end
order by
  runs.branch_class = 'merge_queue' desc,
  runs desc,
  runs.repository,
  runs.workflow,
  runs.base_branch
limit (select period.top from period);
