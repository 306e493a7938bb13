-- Wasted executions of jobs, each with one reason.
create view wasted_jobs as
with scheduled as (
  select
    repository_id,
    workflow_id,
    github_run_id,
    created_at,
    is_red,
    count(*) filter (where is_success) over (
      partition by
        repository_id,
        workflow_id
      order by
        created_at,
        github_run_id,
        run_attempt
      rows between unbounded preceding and 1 preceding
    ) as greens_before
  from attempts
  where event_type = 'schedule'
    and is_decided
),
placed as (
  select
    github_run_id,
    dense_rank() over (
      partition by
        repository_id,
        workflow_id,
        greens_before
      order by
        created_at,
        github_run_id
    ) as place
  from scheduled
  where is_red
),
streaks as (
  select github_run_id
  from placed
  group by github_run_id
  having min(place) > 3
)
select
  executed_jobs.github_run_id,
  executed_jobs.run_attempt,
  executed_jobs.job_id,
  executed_jobs.repository_id,
  executed_jobs.repository,
  executed_jobs.workflow_id,
  executed_jobs.workflow,
  executed_jobs.branch_class,
  executed_jobs.event_type,
  executed_jobs.created_at,
  executed_jobs.day,
  executed_jobs.job,
  executed_jobs.job_base,
  executed_jobs.runner_label,
  executed_jobs.conclusion,
  executed_jobs.duration_seconds,
  wasted.reason,
  executed_jobs.html_url
from executed_jobs
left join streaks using (github_run_id)
cross join lateral (
  select
    case
      when executed_jobs.attempt_is_red
        and executed_jobs.is_green_later
        and exists (
          select 1
          from taken_jobs as again
          where again.github_run_id = executed_jobs.github_run_id
            and again.run_attempt > executed_jobs.run_attempt
            and again.name = executed_jobs.job
            -- Of several jobs with one name, the others may be carried over instead.
            and not exists (
              select 1
              from workflow_jobs as kept
              where kept.github_run_id = again.github_run_id
                and kept.run_attempt = again.run_attempt
                and kept.name = again.name
                and kept.is_inherited
                and kept.started_at = executed_jobs.started_at
                and kept.completed_at = executed_jobs.completed_at
            )
        )
        then 'rerun'
      when 'cancelled' in (executed_jobs.conclusion, executed_jobs.attempt_conclusion)
        then 'cancelled'
      when executed_jobs.attempt_is_red and streaks.github_run_id is not null then 'streak'
    end as reason
) as wasted
where wasted.reason is not null;

comment on view wasted_jobs is
  'One row per job of executed_jobs whose time was wasted; each counts once, for the first reason that holds.';
comment on column wasted_jobs.reason is
  'rerun: its attempt failed, it ran again, and the run became green without a new commit. cancelled: it or its attempt was cancelled, by a person, by a newer run, by a failed sibling or by its time limit. streak: of a scheduled workflow whose three runs before had failed as well.';
