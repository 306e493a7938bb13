-- The cause of each failure, inferred without logs: from steps, times, runners and re-runs.
-- A failure is a job that failed or ran into its time limit, or an attempt that failed although no
-- job of it did. Each has one cause, the first that applies.
create view failure_causes as
-- GitHub reports a job that ran into its time limit as cancelled. Its length shows it: at least
-- three runs were cancelled with the job within two percent of the longest (of short jobs, within a
-- tenth, up to 30 seconds), and these are most of those that got half as far. If the job ran longer
-- meanwhile, something else cancelled it. If most of them ended just after a newer run of the
-- workflow began on their branch, that run did.
with cut_off as (
  select
    workflow_runs.repository_id,
    workflow_runs.workflow_id,
    taken_jobs.name,
    taken_jobs.github_run_id,
    workflow_runs.branch,
    workflow_runs.created_at,
    taken_jobs.completed_at,
    taken_jobs.duration_seconds,
    max(taken_jobs.duration_seconds) over (
      partition by workflow_runs.repository_id, workflow_runs.workflow_id, taken_jobs.name
    ) as longest
  from taken_jobs
  inner join workflow_runs using (github_run_id, run_attempt)
  where taken_jobs.conclusion = 'cancelled'
    and workflow_runs.conclusion = 'cancelled'
    and taken_jobs.duration_seconds >= 30
),
equal as materialized (
  select
    repository_id,
    workflow_id,
    name,
    longest,
    around,
    min(created_at) filter (where is_equal) as first_at,
    max(created_at) filter (where is_equal) as last_at,
    array_agg(branch) filter (where is_equal) as branches,
    array_agg(completed_at) filter (where is_equal) as ends
  from cut_off
  cross join lateral (
    select greatest(longest / 50.0, least(30, longest / 10.0)) as around
  ) as nearness
  cross join lateral (
    select duration_seconds >= longest - around as is_equal
  ) as judged
  -- No limit is shorter than a minute.
  where longest >= 60
  group by
    repository_id,
    workflow_id,
    name,
    longest,
    around
  having count(distinct github_run_id) filter (where is_equal) >= 3
    and 2 * count(*) filter (where is_equal) > count(*) filter (where 2 * duration_seconds >= longest)
),
limits as materialized (
  select
    repository_id,
    workflow_id,
    name,
    longest - around as least_seconds
  from equal
  where coalesce(
    (
      select max(taken_jobs.duration_seconds)
      from workflow_runs
      inner join taken_jobs using (github_run_id, run_attempt)
      where workflow_runs.repository_id = equal.repository_id
        and workflow_runs.created_at between equal.first_at and equal.last_at
        and workflow_runs.workflow_id = equal.workflow_id
        and taken_jobs.name = equal.name
        and taken_jobs.conclusion in ('success', 'failure')
    ),
    0
  ) <= longest + around
    and 2 * (
      select count(*)
      from unnest(equal.branches, equal.ends) as job (branch, ended_at)
      where exists (
        select 1
        from workflow_runs as newer
        where newer.repository_id = equal.repository_id
          and newer.created_at > job.ended_at - interval '1 minute'
          and newer.created_at <= job.ended_at
          and newer.workflow_id = equal.workflow_id
          and newer.branch = job.branch
      )
    ) <= cardinality(equal.ends)
),
failures as (
  select
    executed_jobs.github_run_id,
    executed_jobs.run_attempt,
    executed_jobs.job_id,
    executed_jobs.repository_id,
    executed_jobs.repository,
    executed_jobs.workflow_id,
    executed_jobs.workflow,
    executed_jobs.branch_class,
    executed_jobs.commit_sha,
    executed_jobs.event_type,
    executed_jobs.created_at,
    executed_jobs.day,
    executed_jobs.job,
    executed_jobs.job_base,
    executed_jobs.runner_id,
    executed_jobs.runner_name,
    executed_jobs.is_hosted,
    executed_jobs.started_at,
    executed_jobs.attempt_started_at,
    executed_jobs.duration_seconds,
    executed_jobs.conclusion,
    executed_jobs.attempt_is_red,
    true as has_jobs,
    executed_jobs.html_url
  from executed_jobs
  left join limits
    on limits.repository_id = executed_jobs.repository_id
    and limits.workflow_id = executed_jobs.workflow_id
    and limits.name = executed_jobs.job
  where executed_jobs.conclusion in ('failure', 'timed_out')
    or (
      executed_jobs.conclusion = 'cancelled'
      and executed_jobs.attempt_conclusion = 'cancelled'
      and executed_jobs.duration_seconds >= limits.least_seconds
    )
  union all
  select
    attempts.github_run_id,
    attempts.run_attempt,
    null as job_id,
    attempts.repository_id,
    attempts.repository,
    attempts.workflow_id,
    attempts.workflow,
    attempts.branch_class,
    attempts.commit_sha,
    attempts.event_type,
    attempts.created_at,
    attempts.day,
    null as job,
    null as job_base,
    null as runner_id,
    null as runner_name,
    false as is_hosted,
    null as started_at,
    attempts.started_at as attempt_started_at,
    null as duration_seconds,
    attempts.conclusion,
    attempts.is_red as attempt_is_red,
    exists (
      select 1
      from workflow_jobs
      where workflow_jobs.github_run_id = attempts.github_run_id
        and workflow_jobs.run_attempt = attempts.run_attempt
    ) as has_jobs,
    attempts.html_url
  from attempts
  where attempts.is_red
    and attempts.is_exact
    and not exists (
      select 1
      from taken_jobs
      where taken_jobs.github_run_id = attempts.github_run_id
        and taken_jobs.run_attempt = attempts.run_attempt
        and taken_jobs.conclusion in ('failure', 'timed_out')
    )
)
select
  failures.github_run_id,
  failures.run_attempt,
  failures.job_id,
  failures.repository_id,
  failures.repository,
  failures.workflow_id,
  failures.workflow,
  failures.branch_class,
  failures.commit_sha,
  failures.event_type,
  failures.created_at,
  failures.day,
  failures.job,
  failures.job_base,
  failures.runner_name,
  failures.duration_seconds,
  failures.conclusion,
  failures.attempt_is_red,
  steps.step,
  case
    when failures.job_id is null and not failures.has_jobs then 'workflow file'
    when failures.job_id is null then 'no job failed'
    when evidence.is_outage then 'outage'
    when evidence.is_runner then 'runner'
    when failures.conclusion in ('timed_out', 'cancelled') then 'time limit'
    when not steps.has_steps then 'no steps'
    when steps.step is null then 'no step failed'
    when steps.is_cut_off then 'runner lost'
    when evidence.part is not null then evidence.part
    when again.successes_of_all > 0 then 'flaky'
    when again.executions_of_all > 0 then 'code'
    else 'not run again'
  end as cause,
  coalesce(again.executions > 0, false) as is_run_again,
  coalesce(again.successes > 0, false) as is_green_again,
  failures.html_url
from failures
cross join lateral (
  select
    count(*) > 0 as has_steps,
    count(*) filter (where workflow_steps.conclusion in ('failure', 'timed_out')) = 0
      as is_cut_off,
    (
      array_agg(
        coalesce(nullif(workflow_steps.name, ''), 'unnamed')
        order by
          coalesce(workflow_steps.conclusion in ('failure', 'timed_out'), false) desc,
          workflow_steps.number
      ) filter (where coalesce(workflow_steps.conclusion, '') not in ('success', 'skipped'))
    )[1] as step
  from workflow_steps
  where workflow_steps.github_run_id = failures.github_run_id
    and workflow_steps.run_attempt = failures.run_attempt
    and workflow_steps.job_id = failures.job_id
) as steps
left join lateral (
  select
    count(*) as executions_of_all,
    count(*) filter (where kinds.is_later) as executions,
    count(*) filter (where kinds.is_later and reruns.conclusion = 'success') as successes,
    count(*) filter (where reruns.conclusion = 'success') as successes_of_all
  from taken_jobs as reruns
  cross join lateral (
    select reruns.run_attempt > failures.run_attempt as is_later
  ) as kinds
  where reruns.github_run_id = failures.github_run_id
    and reruns.run_attempt <> failures.run_attempt
    and reruns.name = failures.job
    and reruns.conclusion in ('success', 'failure', 'timed_out')
) as again on true
cross join lateral (
  select
    (
      select max(step_patterns.part)
      from step_patterns
      where steps.step ~* step_patterns.pattern
    ) as part,
    (
      -- As the view outages defines them, but read from the hour of this failure alone.
      select count(*) >= 5
        and count(distinct around.commit_sha) >= 3
        and count(*) filter (where around.conclusion <> 'success') > 0.8 * count(*)
      from workflow_runs as around
      where around.repository_id = failures.repository_id
        and around.started_at >= date_trunc('hour', failures.attempt_started_at, 'UTC')
        and around.started_at
          < date_trunc('hour', failures.attempt_started_at, 'UTC') + interval '1 hour'
        and around.conclusion in ('success', 'failure', 'timed_out', 'startup_failure')
    ) as is_outage,
    not failures.is_hosted and (
      select count(*) >= 4
        and count(distinct around.github_run_id) >= 3
        and count(*) filter (where around.conclusion <> 'success') > 0.8 * count(*)
      from workflow_jobs as around
      where around.runner_id = failures.runner_id
        and around.runner_group_name <> 'GitHub Actions'
        and around.started_at between failures.started_at - interval '12 hours'
          and failures.started_at + interval '12 hours'
        and around.conclusion in ('success', 'failure', 'timed_out')
    ) as is_runner
) as evidence;

comment on view failure_causes is
  'One row per failure: a job that failed or ran into its time limit, or an attempt that failed although none of its jobs did. The causes are a closed list, so they add up to all failures.';
comment on column failure_causes.job_id is
  'GitHub''s id of the job. NULL: no job of the attempt failed.';
comment on column failure_causes.job is
  'The name of the job as GitHub shows it. NULL: no job of the attempt failed.';
comment on column failure_causes.conclusion is
  'failure or timed_out; cancelled for a job that ran into its time limit; of an attempt without a failed job, its own.';
comment on column failure_causes.attempt_is_red is
  'Whether the attempt failed. False: its job was allowed to fail, or the attempt was cancelled.';
comment on column failure_causes.step is
  'The first step that failed, else the first that was cut off. NULL: none was, or no steps are stored.';
comment on column failure_causes.cause is
  'workflow file (no job began), no job failed, outage (nearly all that started in the repository in that hour failed), runner (nearly all that one runner of your own took within 12 hours failed), time limit, no steps (none are stored), no step failed, runner lost (a step was cut off), set-up (a step before the work), clean-up (a step after it), flaky (a step of the work, and green in another attempt of the run), code (red in another attempt, too), or not run again (code or flaky).';
comment on column failure_causes.is_run_again is
  'Whether the job really ran again in a later attempt of the run, and succeeded or failed there.';
comment on column failure_causes.is_green_again is
  'Whether it succeeded in a later attempt of the run, without a change of the code.';
comment on column failure_causes.html_url is
  'The page on GitHub of the job, or of the attempt if no job of it failed.';
