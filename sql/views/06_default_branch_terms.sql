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
    min(branch) as first_branch,
    max(branch) as last_branch
  from sights
  group by repository_id
),
-- Only where it changed, each observation by itself: the branch may have been the default one again.
moments as (
  select
    repository_id,
    branch,
    seen_at
  from default_branches
  cross join lateral (
    values
      (first_seen_at),
      (last_seen_at)
  ) as seen (seen_at)
  union
  select
    repository_id,
    branch,
    created_at
  from workflow_runs
  where event_type = 'schedule'
    and branch is not null
    and repository_id in (select repository_id from branches where first_branch <> last_branch)
),
-- The number of its moment less that among those of its branch is the same while no other branch
-- comes between.
numbered as (
  select
    repository_id,
    branch,
    seen_at,
    row_number() over (partition by repository_id order by seen_at, branch)
    - row_number() over (partition by repository_id, branch order by seen_at) as others_before
  from moments
),
terms as (
  select
    repository_id,
    branch,
    min(seen_at) as first_seen_at,
    max(seen_at) as last_seen_at
  from numbered
  group by
    repository_id,
    branch,
    others_before
)
select
  repository_id,
  first_branch as branch,
  null::timestamptz as since,
  null::timestamptz as until
from branches
where first_branch = last_branch
union all
select
  terms.repository_id,
  terms.branch,
  lag(terms.last_seen_at) over of_repository as since,
  lead(terms.first_seen_at) over of_repository as until
from terms
inner join branches using (repository_id)
where branches.first_branch <> branches.last_branch
window of_repository as (
  partition by terms.repository_id order by terms.first_seen_at, terms.branch
);

comment on view default_branch_terms is
  'One row per time that a branch was the default one of its repository.';
comment on column default_branch_terms.since is
  'When another branch was last seen as the default one before that. NULL: no other is known before it.';
comment on column default_branch_terms.until is
  'When another branch was first seen as the default one after that. NULL: no other is known after it.';
