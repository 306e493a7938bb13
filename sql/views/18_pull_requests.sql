-- Pull requests, as far as the runs show them: the runs of pull_request events of one head branch.
-- GitHub names no pull request in a run's history. A branch name that is used again is the same
-- pull request here. It was merged if a push to the default branch had one of its commits as head;
-- after a squash, a rebase or a merge commit there is no such push, and it is not known. Nor is it
-- known if its head is the default branch itself, as in a pull request into a release branch, nor
-- by runs of pull_request_target, which may name the commit that they start from: that of the base.
create view pull_requests as
with runs as (
  select
    repository_id,
    head_repository,
    branch,
    commit_sha,
    github_run_id,
    event_type,
    actor,
    created_at
  from attempts
  where (event_type like 'pull_request%' and branch is not null)
    or (event_type = 'push' and branch_class = 'default')
),
pushed as (
  select distinct
    repository_id,
    head_repository,
    branch,
    commit_sha
  from runs
  where event_type = 'push'
    and commit_sha is not null
),
commits as (
  select
    repository_id,
    head_repository,
    branch,
    commit_sha,
    min(created_at) as first_run_at,
    max(created_at) as last_run_at,
    count(distinct github_run_id) as runs,
    bool_or(event_type <> 'pull_request_target') as is_of_head,
    (array_agg(actor order by created_at))[1] as actor
  from runs
  where event_type <> 'push'
  group by
    repository_id,
    head_repository,
    branch,
    commit_sha
)
select
  commits.repository_id,
  commits.head_repository,
  commits.branch,
  (array_agg(commits.actor order by commits.first_run_at))[1] as actor,
  min(commits.first_run_at) as first_run_at,
  max(commits.last_run_at) as last_run_at,
  count(*) as commits,
  sum(commits.runs)::bigint as runs,
  -- Not a join: of the commits that were pushed, the planner expects far too few.
  coalesce(
    bool_or(
      commits.is_of_head
      and (commits.repository_id, commits.commit_sha) in (
        select
          repository_id,
          commit_sha
        from pushed
      )
    )
    and (commits.repository_id, commits.head_repository, commits.branch) not in (
      select
        repository_id,
        head_repository,
        branch
      from pushed
    ),
    false
  ) as is_merged
from commits
group by
  commits.repository_id,
  commits.head_repository,
  commits.branch;

comment on view pull_requests is
  'One row per head branch with runs of pull_request events.';
comment on column pull_requests.branch is
  'The head branch.';
comment on column pull_requests.actor is
  'Login of the account that caused the first run. NULL if that account is gone.';
comment on column pull_requests.first_run_at is
  'When its first stored run was created.';
comment on column pull_requests.last_run_at is
  'When its last stored run was created.';
comment on column pull_requests.commits is
  'The number of its commits that runs were for.';
comment on column pull_requests.runs is
  'The number of its runs, each once however many attempts it has.';
comment on column pull_requests.is_merged is
  'Whether a push to the default branch had one of its commits as head. False: not known; it may have been squashed, merged with a commit of its own, closed, or be open, or its branch is the default branch itself.';
