-- Times in which a workflow was red on the default branch, from its first failure to its recovery.
-- What is red recovers when that run, or one of a later commit, is first green: a later run may
-- end before an earlier one, and then the earlier one's failure is no news. Runs that recover at
-- one moment are one incident.
create view incidents as
with runs as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    github_run_id,
    commit_sha,
    html_url,
    created_at,
    min(coalesce(completed_at, started_at, created_at)) filter (where is_red) as red_at,
    min(coalesce(completed_at, started_at, created_at)) filter (where is_success) as green_at
  from attempts
  where is_decided
    and branch_class = 'default'
  group by
    repository_id,
    repository,
    workflow_id,
    workflow,
    github_run_id,
    commit_sha,
    html_url,
    created_at
),
recoveries as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    commit_sha,
    html_url,
    created_at,
    red_at,
    green_at,
    min(green_at) over (
      partition by
        repository_id,
        workflow_id
      order by
        created_at desc,
        github_run_id desc
      rows between unbounded preceding and current row
    ) as recovered_at
  from runs
)
select
  repository_id,
  max(repository) as repository,
  workflow_id,
  (array_agg(workflow order by created_at desc))[1] as workflow,
  (array_agg(commit_sha order by red_at, created_at))[1] as commit_sha,
  (array_agg(html_url order by red_at, created_at))[1] as html_url,
  min(red_at) as red_at,
  recovered_at,
  trunc(extract(epoch from recovered_at - min(red_at)))::bigint as duration_seconds,
  count(*) as red_runs,
  max(created_at) as last_red_run_created_at,
  coalesce(bool_or(green_at = recovered_at), false) as is_recovered_by_rerun
from recoveries
where red_at < coalesce(recovered_at, 'infinity')
group by
  repository_id,
  workflow_id,
  recovered_at;

comment on view incidents is
  'One row per time that a workflow was red on the default branch.';
comment on column incidents.repository_id is
  'GitHub''s id of the repository; it stays when the repository is renamed.';
comment on column incidents.repository is
  'owner/name as GitHub gave it last; unnamed where it gave none.';
comment on column incidents.workflow_id is
  'GitHub''s id of the workflow; it stays when the file is renamed.';
comment on column incidents.workflow is
  'The name of the workflow to show, as in attempts; the latest one if it changed.';
comment on column incidents.commit_sha is
  'The commit of the first run that failed. NULL where GitHub gives none.';
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
comment on column incidents.last_red_run_created_at is
  'When GitHub created the last of these runs.';
comment on column incidents.is_recovered_by_rerun is
  'Whether a run that had failed succeeded without a new commit: perhaps nothing was ever broken.';
