-- Periods in which a workflow was red on the default branch, from first failure to recovery.
-- A workflow recovers when the failed run, or a run of a later commit, is first green. If a later
-- run ends before an earlier one, the failure of the earlier one does not count. A run that was
-- green and is red since it was re-run is red. Runs that recover at the same moment are one
-- incident.
create view incidents as
with runs as (
  select
    repository_id,
    max(repository) as repository,
    workflow_id,
    max(workflow) as workflow,
    max(workflow_path) as workflow_path,
    github_run_id,
    max(commit_sha) as commit_sha,
    min(html_url) as html_url,
    max(event_type) as event_type,
    -- A schedule runs in the name of whoever last changed it, who broke and mended nothing.
    max(actor) filter (where event_type is distinct from 'schedule') as actor,
    (array_agg(account order by ended_at) filter (where is_success))[1] as green_by,
    (
      array_agg(account order by ended_at) filter (where is_success and is_red_before)
    )[1] as own_green_by,
    created_at,
    coalesce(
      min(ended_at) filter (where is_red and not is_green_later),
      min(ended_at) filter (where is_red)
    ) as red_at,
    min(ended_at) filter (where is_success) as green_at,
    case
      when not bool_or(is_red) then min(ended_at) filter (where is_success)
      when not bool_or(is_red and not is_green_later)
        then min(ended_at) filter (where is_success and is_red_before)
    end as own_green_at,
    min(min(ended_at) filter (where is_success)) over (
      partition by repository_id, workflow_id
      order by created_at desc, github_run_id desc
      rows between unbounded preceding and 1 preceding
    ) as later_green_at,
    sum(case when bool_or(is_red) then 0 else 1 end) over (
      partition by repository_id, workflow_id
      order by created_at, github_run_id
    ) as greens
  from attempts
  cross join lateral (
    select
      coalesce(completed_at, started_at, created_at) as ended_at,
      case
        when run_attempt > 1 then coalesce(nullif(triggering_actor, ''), actor)
        when event_type is distinct from 'schedule' then actor
      end as account
  ) as of_attempt
  where is_decided
    and branch_class = 'default'
  group by
    repository_id,
    workflow_id,
    github_run_id,
    created_at
),
-- The last green run before each run, and the one that mended it. Runs after a green one and before
-- the next have the same number of greens. A run that was green before it was red is its own.
between_greens as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    workflow_path,
    github_run_id,
    commit_sha,
    html_url,
    event_type,
    actor,
    created_at,
    red_at,
    green_at,
    own_green_at,
    recovered_at,
    case
      when green_at < red_at then created_at
      when greens > 0 then first_value(created_at) over since_green
    end as last_green_at,
    case
      when green_at < red_at then commit_sha
      when greens > 0 then first_value(commit_sha) over since_green
    end as last_green_sha,
    case
      when green_at < red_at then html_url
      when greens > 0 then first_value(html_url) over since_green
    end as last_green_url,
    first_value(
      case when recovered_at in (green_at, own_green_at) then commit_sha end
    ) over to_green as mended_sha,
    first_value(
      case
        when recovered_at = green_at then green_by
        when recovered_at = own_green_at then own_green_by
      end
    ) over to_green as mended_by,
    first_value(
      case when recovered_at in (green_at, own_green_at) then html_url end
    ) over to_green as mended_url
  from runs
  cross join lateral (select least(own_green_at, later_green_at) as recovered_at) as recoveries
  window
    since_green as (
      partition by repository_id, workflow_id, greens
      order by created_at, github_run_id
    ),
    -- The run that was green at that moment is among the runs that recover then, unless it is red
    -- again.
    to_green as (
      partition by repository_id, workflow_id, recovered_at
      order by
        coalesce(recovered_at in (green_at, own_green_at), false) desc,
        created_at desc,
        github_run_id desc
    )
),
pushes as materialized (
  select
    repository_id,
    commit_sha,
    min(created_at) as first_at,
    max(completed_at) as last_at
  from workflow_runs
  where event_type = 'push'
  group by
    repository_id,
    commit_sha
)
select
  repository_id,
  max(repository) as repository,
  workflow_id,
  (array_agg(between_greens.workflow order by created_at desc))[1] as workflow,
  (array_agg(between_greens.workflow_path order by created_at desc))[1] as workflow_path,
  max(workflow_names.state) as workflow_state,
  (array_agg(last_green_at order by created_at, github_run_id))[1] as last_green_at,
  (array_agg(last_green_sha order by created_at, github_run_id))[1] as last_green_sha,
  (array_agg(last_green_url order by created_at, github_run_id))[1] as last_green_url,
  (array_agg(commit_sha order by created_at, github_run_id))[1] as commit_sha,
  (array_agg(actor order by created_at, github_run_id))[1] as actor,
  (array_agg(html_url order by created_at, github_run_id))[1] as html_url,
  min(red_at) as red_at,
  recovered_at,
  trunc(date_part('epoch', recovered_at - min(red_at)))::bigint as duration_seconds,
  count(*) as red_runs,
  count(*) filter (where cause = 'push') as red_pushes,
  count(*) filter (where cause = 'schedule') as red_schedules,
  count(*) filter (where cause = 'workflow') as red_by_workflows,
  count(distinct person) as people,
  max(created_at) as last_red_run_created_at,
  array_agg(created_at order by created_at, github_run_id) as red_run_created_at,
  array_agg(cause order by created_at, github_run_id) as red_run_causes,
  array_agg(person order by created_at, github_run_id) as red_run_people,
  max(mended_sha) as mended_sha,
  max(mended_by) as mended_by,
  max(mended_url) as mended_url,
  coalesce(bool_or(own_green_at = recovered_at), false) as is_recovered_by_rerun
from between_greens
left join workflow_names using (repository_id, workflow_id)
left join actor_kinds using (actor)
left join pushes using (repository_id, commit_sha)
cross join lateral (
  select case when actor_kinds.kind not in ('bot', 'agent') then actor end as person
) as persons
cross join lateral (
  select
    case
      when event_type = 'schedule' then 'schedule'
      when event_type in ('workflow_dispatch', 'repository_dispatch') then 'dispatch'
      when event_type <> 'workflow_run' then 'push'
      -- GitHub does not say which run started it. One of a push has ended just before.
      when created_at between pushes.first_at and pushes.last_at + interval '1 hour' then 'push'
      else 'workflow'
    end as cause
) as causes
where red_at < coalesce(recovered_at, 'infinity')
group by
  repository_id,
  workflow_id,
  recovered_at;

comment on view incidents is
  'One row per time that a workflow was red on the default branch.';
comment on column incidents.workflow is
  'The name of the workflow to show, as in attempts; the latest one if it changed.';
comment on column incidents.workflow_state is
  'As in workflow_names. A workflow that is not active no longer runs and cannot become green.';
comment on column incidents.last_green_at is
  'When GitHub created the last green run before the first that failed, or that run itself if it was green before it was re-run. The run can have ended after red_at, for instance if it waited for an approval. NULL: none is known.';
comment on column incidents.last_green_sha is
  'The commit of that run.';
comment on column incidents.last_green_url is
  'The page on GitHub of that run.';
comment on column incidents.commit_sha is
  'The commit of the first run that failed. NULL if GitHub gives none.';
comment on column incidents.actor is
  'Login of the account that caused the first run that failed. NULL: a schedule did, or it is gone.';
comment on column incidents.html_url is
  'The page on GitHub of the first run that failed.';
comment on column incidents.red_at is
  'When the first run that failed ended.';
comment on column incidents.recovered_at is
  'When that run, or a run of a later commit, first succeeded. NULL: still red.';
comment on column incidents.duration_seconds is
  'Seconds from red_at to recovered_at. NULL: still red.';
comment on column incidents.red_runs is
  'How many runs failed from red_at to recovered_at.';
comment on column incidents.red_pushes is
  'How many of red_runs a push caused: itself, or through a run of another workflow, whose commit was still running or had ended within the hour before.';
comment on column incidents.red_schedules is
  'How many of red_runs a schedule started.';
comment on column incidents.red_by_workflows is
  'How many of red_runs another workflow started that no push had started: for instance after a schedule, or for a pull request.';
comment on column incidents.people is
  'How many people caused red_runs: accounts that actor_kinds calls neither bot nor agent.';
comment on column incidents.last_red_run_created_at is
  'When GitHub created the last of these runs.';
comment on column incidents.red_run_created_at is
  'When GitHub created each of red_runs, in this order. With the two columns after it, the runs until a moment can be counted.';
comment on column incidents.red_run_causes is
  'What caused each of them: push, schedule, dispatch, or workflow for red_by_workflows.';
comment on column incidents.red_run_people is
  'Login of the person who caused each of them. NULL: a schedule, a bot or an agent did, or the account is gone.';
comment on column incidents.mended_sha is
  'The commit of the run that succeeded at recovered_at. NULL: still red, or that run is red again.';
comment on column incidents.mended_by is
  'Login of the account that started that run, or that re-ran it. NULL: still red, a schedule started it, or the account is gone.';
comment on column incidents.mended_url is
  'The page on GitHub of that run. NULL: still red.';
comment on column incidents.is_recovered_by_rerun is
  'Whether a run that had failed succeeded without a new commit: perhaps nothing was ever broken.';
