-- The name of each workflow: as GitHub lists it, else from its runs.
-- The name of a run is its own title if the workflow has run-name or is Dependabot's, and the path
-- of the file if GitHub could not read it. Neither is the name of the workflow.
create view workflow_names as
-- An index alone answers this, so that most often no run is read.
with unlisted as materialized (
  select distinct
    repository_id,
    workflow_id
  from workflow_runs
  where workflow_id is not null
    and not exists (
      select 1
      from workflows
      where workflows.workflow_id = workflow_runs.workflow_id
        and workflows.repository_id = workflow_runs.repository_id
        and workflows.name <> ''
    )
),
carried as (
  select
    workflow_runs.repository_id,
    workflow_runs.workflow_id,
    nullif(workflow_runs.workflow_name, '') as name,
    nullif(workflow_runs.workflow_path, '') as path,
    coalesce(workflow_runs.workflow_name = workflow_runs.display_title, false) as is_title,
    max(workflow_runs.created_at) as last_at
  from unlisted
  inner join workflow_runs using (repository_id, workflow_id)
  group by
    workflow_runs.repository_id,
    workflow_runs.workflow_id,
    nullif(workflow_runs.workflow_name, ''),
    nullif(workflow_runs.workflow_path, ''),
    coalesce(workflow_runs.workflow_name = workflow_runs.display_title, false)
),
judged as (
  select
    repository_id,
    workflow_id,
    name,
    path,
    last_at,
    name is not null and name is distinct from path as is_name,
    -- Scheduled and dispatched runs have the workflow's name as title, so a name that all runs
    -- share is not a title.
    is_title and min(name) over of_workflow <> max(name) over of_workflow as is_title
  from carried
  window of_workflow as (
    partition by repository_id, workflow_id, name is not null and name is distinct from path
  )
),
newest as (
  select distinct on (repository_id, workflow_id)
    repository_id,
    workflow_id,
    case when is_name and not is_title then name end as name,
    first_value(path) over (
      partition by repository_id, workflow_id
      order by last_at desc
    ) as path,
    max(last_at) over (partition by repository_id, workflow_id) as last_at
  from judged
  order by
    repository_id,
    workflow_id,
    (is_name and not is_title) desc,
    last_at desc
),
named as (
  select
    workflows.repository_id,
    workflows.workflow_id,
    workflows.name,
    workflows.path,
    case
      when workflows.listed_at < repositories.workflows_listed_at then 'deleted'
      else workflows.state
    end as state,
    true as is_listed_name
  from workflows
  left join repositories using (repository_id)
  where workflows.name <> ''
  union all
  select
    newest.repository_id,
    newest.workflow_id,
    coalesce(nullif(workflows.name, ''), newest.name, newest.path, 'unnamed') as name,
    newest.path,
    -- A workflow that another repository requires here runs, but is not listed either.
    case
      when newest.last_at < repositories.workflows_listed_at - interval '7 days' then 'deleted'
      else workflows.state
    end as state,
    coalesce(workflows.name <> '', false) as is_listed_name
  from newest
  left join workflows using (workflow_id)
  left join repositories on repositories.repository_id = newest.repository_id
)
select
  repository_id,
  workflow_id,
  case
    when count(*) over (partition by repository_id, name) = 1 then name
    when path <> ''
      and count(*) over (
        partition by repository_id, name, regexp_replace(path, '^.*/', '')
      ) = 1
      then name || ' (' || regexp_replace(path, '^.*/', '') || ')'
    when path <> '' and count(*) over (partition by repository_id, name, path) = 1
      then name || ' (' || path || ')'
    else name || ' (id ' || workflow_id || ')'
  end as workflow,
  path as workflow_path,
  state,
  is_listed_name
from named;

comment on view workflow_names is
  'One row per workflow that GitHub lists or that stored runs name, with the name to show.';
comment on column workflow_names.workflow_id is
  'GitHub''s id of the workflow; it stays when the workflow''s name changes. A renamed file is a new workflow.';
comment on column workflow_names.workflow is
  'The name to show: as GitHub lists it, possibly for another repository that requires the workflow here, else the newest name of a run that is not the run''s own title, else the path, else unnamed. Where two workflows of a repository share it, each has its file in brackets, its path if they share that too, or its id.';
comment on column workflow_names.workflow_path is
  'Its file, or dynamic/… for one that GitHub makes.';
comment on column workflow_names.state is
  'active, deleted (GitHub no longer lists it, or never did and it has not run for a week), disabled_fork, disabled_inactivity or disabled_manually. NULL: GitHub never listed it here.';
comment on column workflow_names.is_listed_name is
  'Whether the name is GitHub''s own. False: it was read from runs.';
