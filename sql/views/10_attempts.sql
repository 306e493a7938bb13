-- Each attempt with its outcome, its times, and its position among the attempts of its run.
-- All window functions are partitioned by columns that a run's attempts share, including created_at
-- and repository_id, so that a condition on these still uses the index.
--
-- Names and default branches are joined before the window functions, where the planner knows how
-- many rows there are. After them it expects one row, and computes the names again for each run.
create view attempts as
with names as materialized (
  select
    repository_id,
    workflow_id,
    workflow
  from workflow_names
),
default_terms as (
  select
    repository_id,
    branch,
    since,
    until
  from default_branch_terms
),
known_defaults as (
  select distinct repository_id
  from default_terms
),
placed as (
  select
    runs.github_run_id,
    runs.run_attempt,
    runs.repository_id,
    coalesce(repository_names.repository, runs.repository, 'unnamed') as repository,
    runs.workflow_id,
    coalesce(
      names.workflow, nullif(runs.workflow_name, ''), nullif(runs.workflow_path, ''), 'unnamed'
    ) as workflow,
    runs.workflow_path,
    runs.run_number,
    runs.display_title,
    runs.branch,
    default_terms.branch is not null
    -- Until GitHub has been asked, the two names that nearly all repositories use.
    or (known_defaults.repository_id is null and runs.branch in ('main', 'master'))
      as is_on_default_branch,
    runs.commit_sha,
    -- The forks of several people may have a branch of one name.
    coalesce(runs.head_repository, nullif(runs.actor, '') || '/unknown', 'unknown')
      as head_repository,
    runs.event_type,
    runs.conclusion,
    runs.actor,
    runs.triggering_actor,
    runs.created_at,
    runs.started_at,
    runs.completed_at,
    runs.duration_seconds,
    case when runs.run_attempt = 1 then runs.created_at else runs.started_at end as waited_from,
    runs.is_private,
    runs.html_url,
    runs.jobs_listed_at is not null or coalesce(runs.conclusion = 'skipped', false) as is_exact,
    coalesce(
      runs.conclusion in ('success', 'failure', 'timed_out', 'startup_failure'), false
    ) as is_decided,
    coalesce(runs.conclusion = 'success', false) as is_success,
    coalesce(runs.conclusion in ('failure', 'timed_out', 'startup_failure'), false) as is_red,
    coalesce(runs.conclusion = 'action_required', false) as is_approval,
    runs.jobs_listed_at is not null as has_jobs_listed,
    coalesce(runs.workflow_name = runs.workflow_path, false) as is_named_by_path,
    max(runs.run_attempt) over all_of_run as attempts,
    min(runs.run_attempt) over all_of_run > 1 as is_first_missing,
    count(*) filter (where runs.conclusion = 'action_required') over earlier as approvals_before,
    count(*) filter (
      where runs.conclusion in ('failure', 'timed_out', 'startup_failure')
    ) over earlier as reds_before,
    count(*) filter (where runs.conclusion = 'success') over later as successes_later
  from workflow_runs as runs
  left join repository_names using (repository_id)
  left join names using (repository_id, workflow_id)
  left join known_defaults using (repository_id)
  left join default_terms
    on default_terms.repository_id = runs.repository_id
    and default_terms.branch = runs.branch
    and (default_terms.since is null or default_terms.since < runs.created_at)
    and (default_terms.until is null or default_terms.until > runs.created_at)
  window
    all_of_run as (partition by runs.github_run_id, runs.repository_id, runs.created_at),
    earlier as (
      partition by runs.github_run_id, runs.repository_id, runs.created_at
      order by runs.run_attempt
      rows between unbounded preceding and 1 preceding
    ),
    later as (
      partition by runs.github_run_id, runs.repository_id, runs.created_at
      order by runs.run_attempt
      rows between 1 following and unbounded following
    )
)
select
  placed.github_run_id,
  placed.run_attempt,
  placed.repository_id,
  placed.repository,
  placed.workflow_id,
  placed.workflow,
  placed.workflow_path,
  placed.run_number,
  placed.display_title,
  placed.branch,
  case
    when placed.event_type like 'pull_request%' then 'pull_request'
    when placed.event_type = 'merge_group' or placed.branch like 'gh-readonly-queue/%'
      then 'merge_queue'
    when placed.event_type in ('deployment', 'deployment_status') then 'deployment'
    when placed.event_type in (
      'push', 'schedule', 'workflow_dispatch', 'repository_dispatch', 'workflow_run'
    )
      and placed.is_on_default_branch
      then 'default'
    else 'other'
  end as branch_class,
  placed.commit_sha,
  placed.head_repository,
  placed.event_type,
  placed.conclusion,
  placed.actor,
  placed.triggering_actor,
  case
    -- GitHub names whoever last changed the schedule.
    when placed.event_type = 'schedule' and placed.run_attempt = 1 then 'a schedule'
    else coalesce(
      nullif(placed.triggering_actor, ''), nullif(placed.actor, ''), 'unknown'
    )
  end as started_by,
  placed.created_at,
  (placed.created_at at time zone 'UTC')::date as day,
  placed.started_at,
  placed.completed_at,
  placed.duration_seconds,
  placed.is_exact,
  placed.is_private,
  placed.html_url,
  placed.is_decided,
  placed.is_success,
  placed.is_red,
  placed.is_red
  and (
    coalesce(placed.conclusion = 'startup_failure', false)
    or (
      placed.has_jobs_listed
      -- With the limit it is looked up for the few that failed; else all jobs are read.
      and (
        select jobs.job_id
        from workflow_jobs as jobs
        where jobs.github_run_id = placed.github_run_id
          and jobs.run_attempt = placed.run_attempt
        limit 1
      ) is null
    )
    -- No runner has started a job and ended it so soon.
    or (
      not placed.has_jobs_listed
      and placed.is_named_by_path
      and coalesce(placed.duration_seconds < 5, false)
    )
  ) as is_broken,
  coalesce(
    placed.event_type in ('push', 'pull_request', 'pull_request_target', 'merge_group'), false
  ) as is_of_push,
  placed.attempts,
  placed.approvals_before = placed.run_attempt - 1
    and not placed.is_approval
    and placed.conclusion is distinct from 'skipped' as is_first_attempt,
  placed.is_first_missing,
  placed.run_attempt = placed.attempts as is_latest_attempt,
  placed.approvals_before < placed.run_attempt - 1 as is_rerun,
  placed.reds_before > 0 as is_red_before,
  placed.successes_later > 0 as is_green_later,
  case
    when not placed.is_decided or placed.approvals_before < placed.run_attempt - 1 then null
    when placed.completed_at < placed.waited_from then 0
    else trunc(date_part('epoch', placed.completed_at - placed.waited_from))::bigint
  end as signal_seconds,
  case
    when not placed.is_red or placed.approvals_before < placed.run_attempt - 1 then null
    else (
      select trunc(greatest(date_part('epoch', min(failed.completed_at) - placed.waited_from), 0))
      from taken_jobs as failed
      where failed.github_run_id = placed.github_run_id
        and failed.run_attempt = placed.run_attempt
        and failed.conclusion in ('failure', 'timed_out')
      having count(failed.completed_at) > 0
    )::bigint
  end as red_signal_seconds
from placed;

comment on view attempts is
  'One row per completed attempt of a run. Name created_at and repository_id in your condition: that makes it fast.';
comment on column attempts.github_run_id is
  'GitHub''s id of the run, the same on all its attempts.';
comment on column attempts.run_attempt is
  'The number of the attempt: 1 for the first, one more for each re-run or approval.';
comment on column attempts.repository_id is
  'GitHub''s id of the repository; it stays when the repository is renamed.';
comment on column attempts.repository is
  'owner/name as GitHub gave it last; with its id where another repository has that name now.';
comment on column attempts.workflow is
  'The name of the workflow now, the same on all its runs and no other''s in its repository (see workflow_names).';
comment on column attempts.branch is
  'Head branch of the run. NULL if GitHub gives none.';
comment on column attempts.branch_class is
  'pull_request: started by an event of a pull request. merge_queue: a group of pull requests on its way in. deployment: started by an event of a deployment. default: a push, schedule, dispatch or workflow_run on what was the default branch then (see default_branch_terms). other: all else.';
comment on column attempts.head_repository is
  'owner/name the branch is in. If that fork is deleted, the account that caused the run, and unknown as its name; unknown alone if the account is gone, too.';
comment on column attempts.conclusion is
  'success, failure, cancelled, skipped, timed_out, startup_failure, action_required, neutral or stale; text, because GitHub adds values.';
comment on column attempts.started_by is
  'Login of the account that started this attempt; a schedule: no account did; unknown: it is gone.';
comment on column attempts.day is
  'The day of created_at in UTC.';
comment on column attempts.started_at is
  'When this attempt started.';
comment on column attempts.completed_at is
  'When the last job that ran in this attempt ended, if is_exact and there was one. Otherwise when GitHub last changed the attempt, which may be too late.';
comment on column attempts.duration_seconds is
  'Seconds from started_at to completed_at; waiting, also for people, is included. NULL if one is unknown.';
comment on column attempts.is_exact is
  'Whether its jobs are final and stored, so that completed_at and duration_seconds come from them; or it was skipped, so that none ran.';
comment on column attempts.is_decided is
  'Whether it succeeded or failed (success, failure, timed_out, startup_failure). Cancelled, skipped and other attempts are undecided.';
comment on column attempts.is_success is
  'Whether it succeeded (conclusion success).';
comment on column attempts.is_red is
  'Whether it failed (failure, timed_out, startup_failure).';
comment on column attempts.is_broken is
  'Whether it failed without a job, most often because GitHub could not read the workflow''s file: startup_failure, or no job is listed. Where jobs are not stored: named by the file''s path, and over within five seconds.';
comment on column attempts.is_of_push is
  'Whether a push started the run, to a branch, to a pull request or by the merge queue: its commit waits for it.';
comment on column attempts.attempts is
  'How many attempts the run has so far, approvals included.';
comment on column attempts.is_first_attempt is
  'Whether it is the first attempt that was allowed to run: attempt 1, or the one after an approval. A run that still waits for approval, or was skipped, has none.';
comment on column attempts.is_first_missing is
  'Whether attempt 1 of the run is not stored: it is not fetched yet, or GitHub no longer has it.';
comment on column attempts.is_latest_attempt is
  'Whether it is the last stored attempt: the run''s outcome so far.';
comment on column attempts.is_rerun is
  'Whether the run had already run before this attempt. An approval makes a new attempt, but not a re-run.';
comment on column attempts.is_red_before is
  'Whether an earlier attempt of the run failed.';
comment on column attempts.is_green_later is
  'Whether a later attempt of the run succeeded.';
comment on column attempts.signal_seconds is
  'Seconds until a decided first attempt ended: from the run''s creation, or from its approval, to completed_at. NULL for other attempts.';
comment on column attempts.red_signal_seconds is
  'Seconds until the first job of a failed first attempt had failed, from the same start as signal_seconds. NULL for other attempts, and where no failed job is stored.';
