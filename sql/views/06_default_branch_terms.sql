-- When each branch was the default branch, as far as known.
-- GitHub reports the present one, and schedules run only on the default branch. Between two
-- observations of different branches, both count as the default branch.
create view default_branch_terms as
with sights as (
  select
    repository_id,
    branch,
    first_seen_at,
    last_seen_at
  from default_branches
  union all
  select
    repository_id,
    branch,
    min(created_at) as first_seen_at,
    max(created_at) as last_seen_at
  from workflow_runs
  where event_type = 'schedule'
    and branch is not null
    and repository_id is not null
  group by
    repository_id,
    branch
),
branches as (
  select
    repository_id,
    branch,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
  from sights
  group by
    repository_id,
    branch
)
select
  branches.repository_id,
  branches.branch,
  max(others.last_seen_at) filter (where others.last_seen_at < branches.first_seen_at) as since,
  min(others.first_seen_at) filter (where others.first_seen_at > branches.last_seen_at) as until
from branches
left join branches as others
  on others.repository_id = branches.repository_id
  and others.branch <> branches.branch
group by
  branches.repository_id,
  branches.branch;

comment on view default_branch_terms is
  'One row per branch that is or was the default one of its repository.';
comment on column default_branch_terms.since is
  'When another branch was last seen as the default one. NULL: no other is known before it.';
comment on column default_branch_terms.until is
  'When another branch was first seen as the default one. NULL: no other is known after it.';
