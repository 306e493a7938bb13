-- What has not succeeded for some runs, although nothing is red on the default branch?
-- kind has six values. merge queue: its groups since the last green one all failed. deployment (as
-- in deployments): its runs since the last green one all failed. schedule: its runs since the last
-- green one were all cancelled. Each of these needs three runs or more. default branch: the runs
-- that pushes started there of a workflow that does not deploy were all cancelled since its last
-- green one, five or more over a day. pull requests and other (tags, releases, other branches and
-- events): all runs of a workflow since its last green one failed. At the earlier failure rate,
-- chance alone would make them fail on so many branches less than once in a thousand times.
-- Branches of bots and agents do not count; events without a branch are counted by commits. For
-- other, three suffice if no run of the workflow was green anywhere in the period. Cancelled runs
-- count only for schedule and default branch. A workflow that was deleted or disabled is left out.
-- base_branch is the branch that the queue merges into. last_green_at is NULL if none in the period
-- was green.
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
    attempts.repository_id,
    attempts.repository,
    attempts.workflow_id,
    attempts.workflow,
    attempts.branch_class,
    kinds.kind,
    kinds.base_branch,
    kinds.branch,
    coalesce(actor_kinds.kind in ('bot', 'agent'), false) as is_of_program,
    attempts.is_success,
    attempts.is_red,
    attempts.created_at,
    attempts.html_url,
    count(*) filter (where attempts.is_success) over (
      partition by
        attempts.repository_id,
        attempts.workflow_id,
        attempts.branch_class,
        kinds.kind,
        kinds.base_branch
      order by
        attempts.created_at desc,
        attempts.github_run_id desc
    ) as greens_since
  from attempts
  cross join period
  left join deploying_workflows as deploying using (repository_id, workflow_id)
  left join actor_kinds using (actor)
  cross join lateral (
    select
      case
        when attempts.branch_class = 'merge_queue' then 'merge queue'
        when attempts.branch_class = 'deployment' then 'deployment'
        when attempts.branch_class = 'other' and deploying.workflow_id is not null then 'deployment'
        when attempts.event_type = 'schedule' then 'schedule'
        -- One that deploys may wait for an approval until the next one takes its place.
        when attempts.branch_class = 'default' and deploying.workflow_id is null
          then 'default branch'
        when attempts.branch_class = 'pull_request' then 'pull requests'
        when attempts.branch_class = 'other' then 'other'
      end as kind,
      case
        when attempts.branch_class = 'merge_queue'
          then substring(attempts.branch from '^gh-readonly-queue/(.+)/[^/]+$')
      end as base_branch,
      case
        when attempts.branch_class in ('merge_queue', 'pull_request')
          or attempts.event_type = 'push'
          then concat_ws(':', attempts.head_repository, attempts.branch)
        else coalesce(attempts.commit_sha, attempts.github_run_id::text)
      end as branch
  ) as kinds
  where attempts.created_at >= period.since
    and attempts.created_at < period.until
    and (period.repository_ids is null or attempts.repository_id = any(period.repository_ids))
    and attempts.is_latest_attempt
    and kinds.kind is not null
    and (
      attempts.is_decided
      or (
        attempts.conclusion = 'cancelled'
        and (
          kinds.kind = 'schedule'
          -- Whoever starts a run by hand may end it so, such as a session for debugging.
          or (kinds.kind = 'default branch' and attempts.event_type = 'push')
        )
      )
    )
),
found as (
  select
    repository_id,
    max(repository) as repository,
    workflow_id,
    max(workflow) as workflow,
    branch_class,
    kind,
    base_branch,
    count(*) filter (where greens_since = 0) as runs,
    count(distinct branch) filter (where greens_since = 0) as branches,
    count(distinct branch) filter (
      where greens_since = 0
        and not is_of_program
    ) as branches_of_people,
    count(*) filter (where greens_since = 0 and is_red) as failed,
    -- The share of branches that failed before; with one of each more, so that it is never 0 or 1.
    (count(distinct branch) filter (where greens_since > 0 and is_red) + 1)::double precision
    / (count(distinct branch) filter (where greens_since > 0) + 2) as failed_before,
    min(created_at) filter (where greens_since = 0) as first_created_at,
    max(created_at) filter (where greens_since = 0) as last_created_at,
    max(created_at) filter (where is_success) as last_green_at,
    (array_agg(html_url order by created_at desc))[1] as html_url
  from runs
  group by
    repository_id,
    workflow_id,
    branch_class,
    kind,
    base_branch
)
select
  found.repository,
  found.kind,
  found.workflow,
  found.base_branch,
  found.runs,
  found.branches,
  found.first_created_at,
  found.last_created_at,
  found.last_green_at,
  found.branch_class,
  found.html_url,
  found.workflow_id,
  found.repository_id
from found
cross join period
left join workflow_names using (repository_id, workflow_id)
where coalesce(workflow_names.state, 'active') = 'active'
  and found.runs >= 3
  and case found.kind
    when 'merge queue' then found.branches >= 3
    when 'deployment' then true
    when 'schedule' then found.failed = 0
    -- Of a few that follow each other quickly, the last one may still succeed.
    when 'default branch' then found.failed = 0
      and found.runs >= 5
      and found.last_created_at - found.first_created_at >= interval '1 day'
    else found.branches_of_people >= 3
      and (
        found.failed_before ^ found.branches_of_people < 0.001
        or found.kind = 'other'
        and not exists (
          select 1
          from workflow_runs
          where workflow_runs.repository_id = found.repository_id
            and workflow_runs.created_at >= period.since
            and workflow_runs.created_at < period.until
            and workflow_runs.workflow_id = found.workflow_id
            and workflow_runs.conclusion = 'success'
        )
      )
  end
order by
  array_position(
    array['merge queue', 'pull requests', 'deployment', 'default branch', 'schedule', 'other'],
    found.kind
  ),
  found.runs desc,
  found.repository,
  found.workflow,
  found.base_branch
limit (select period.top from period);
