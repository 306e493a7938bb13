-- Jobs that failed in one attempt of a run and succeeded in another, on the same commit.
-- Which came first does not matter: a re-run has the commit, the event and the inputs of its run,
-- so the outcomes differ by themselves. Two runs are not compared: other inputs, another base of a
-- pull request or, between scheduled runs, other services explain a difference.
create view flaky_job_runs as
with outcomes as (
  select
    github_run_id,
    run_attempt,
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    commit_sha,
    created_at,
    day,
    job,
    job_base,
    date_trunc('hour', coalesce(attempt_started_at, created_at), 'UTC') as hour,
    bool_or(is_red) as is_red,
    bool_and(is_success) as is_green,
    sum(duration_seconds) filter (where is_red) as red_seconds,
    min(html_url) filter (where is_red) as html_url
  from executed_jobs
  where is_decided
    and attempts > 1
  group by
    github_run_id,
    run_attempt,
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    commit_sha,
    created_at,
    day,
    job,
    job_base,
    attempt_started_at
)
select
  outcomes.github_run_id,
  outcomes.repository_id,
  outcomes.repository,
  outcomes.workflow_id,
  outcomes.workflow,
  outcomes.branch_class,
  outcomes.commit_sha,
  outcomes.created_at,
  outcomes.day,
  outcomes.job,
  outcomes.job_base,
  min(outcomes.run_attempt) filter (where outcomes.is_red) as red_attempt,
  max(outcomes.run_attempt) filter (where outcomes.is_green) as green_attempt,
  count(*) filter (where outcomes.is_red) as red_attempts,
  sum(outcomes.red_seconds)::bigint as red_seconds,
  min(outcomes.html_url) as html_url
from outcomes
left join outages using (repository_id, hour)
where not outcomes.is_red
  or outages.hour is null
group by
  outcomes.github_run_id,
  outcomes.repository_id,
  outcomes.repository,
  outcomes.workflow_id,
  outcomes.workflow,
  outcomes.branch_class,
  outcomes.commit_sha,
  outcomes.created_at,
  outcomes.day,
  outcomes.job,
  outcomes.job_base
having bool_or(outcomes.is_red)
  and bool_or(outcomes.is_green);

comment on view flaky_job_runs is
  'One row per run and job that failed in one attempt and succeeded in another, in either order, on the same commit. Failures in outages do not count. This is a lower bound: a flaky job that nobody runs again is not counted. Wait for two runs before you call a job flaky.';
comment on column flaky_job_runs.red_attempt is
  'The first attempt in which the job failed.';
comment on column flaky_job_runs.green_attempt is
  'The last attempt in which the job, and every other of its name, succeeded.';
comment on column flaky_job_runs.red_attempts is
  'In how many attempts the job failed.';
comment on column flaky_job_runs.red_seconds is
  'Seconds that its failed executions ran. NULL if unknown.';
comment on column flaky_job_runs.html_url is
  'The page on GitHub of one of the failed executions.';
