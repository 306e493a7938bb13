-- Earlier attempts that are still to be fetched. GitHub lists only the latest attempt of a run;
-- earlier ones are final, even while the latest one runs.
create view pending_attempts as
with latest as (
  select
    repository_id,
    github_run_id,
    max(run_attempt) as run_attempt,
    min(created_at) as created_at
  from (
    select
      repository_id,
      github_run_id,
      run_attempt,
      created_at
    from workflow_runs
    where run_attempt > 1
      and missing_upstream_at is null
    union all
    select
      repository_id,
      github_run_id,
      run_attempt,
      created_at
    from open_runs
    where run_attempt > 1
      and missing_upstream_at is null
  ) as known
  group by
    repository_id,
    github_run_id
)
select
  latest.repository_id,
  latest.github_run_id,
  earlier.run_attempt,
  latest.created_at,
  retries.problem,
  retries.reason,
  retries.tries,
  retries.next_try_at
from latest
-- GitHub allows 50 re-runs; far larger numbers are ignored.
cross join generate_series(1, 1000) as earlier (run_attempt)
left join retries
  on retries.github_run_id = latest.github_run_id
  and retries.run_attempt = earlier.run_attempt
  and retries.kind = 'attempt'
where earlier.run_attempt < latest.run_attempt
  and not exists (
    select 1
    from workflow_runs
    where workflow_runs.github_run_id = latest.github_run_id
      and workflow_runs.run_attempt = earlier.run_attempt
  )
  and not exists (
    select 1
    from missing_attempts
    where missing_attempts.github_run_id = latest.github_run_id
      and missing_attempts.run_attempt = earlier.run_attempt
  );

comment on view pending_attempts is
  'One row per earlier attempt of a run that is neither stored nor known to be gone, at most 1,000 a run.';
comment on column pending_attempts.run_attempt is
  'The attempt''s number.';
comment on column pending_attempts.problem is
  'Why it could not be fetched: unanswered or unreadable. NULL: it has not been tried yet.';
comment on column pending_attempts.tries is
  'How many tries have failed. NULL: none.';
comment on column pending_attempts.next_try_at is
  'When it is retried. NULL: at once, or never if there were tries.';
