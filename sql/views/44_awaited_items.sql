-- Items that could not be fetched and still matter.
create view awaited_items as
select
  repository_id,
  'jobs' as kind,
  github_run_id,
  run_attempt,
  problem,
  reason,
  tries,
  next_try_at
from pending_jobs
where tries is not null
union all
select
  repository_id,
  'attempt' as kind,
  github_run_id,
  run_attempt,
  problem,
  reason,
  tries,
  next_try_at
from pending_attempts
where tries is not null
union all
select
  retries.repository_id,
  retries.kind,
  retries.github_run_id,
  retries.run_attempt,
  retries.problem,
  retries.reason,
  retries.tries,
  retries.next_try_at
from retries
where retries.kind = 'run'
  and (
    exists (
      select 1
      from open_runs
      where open_runs.github_run_id = retries.github_run_id
        and open_runs.missing_upstream_at is null
    )
    or exists (
      select 1
      from workflow_runs
      where workflow_runs.github_run_id = retries.github_run_id
        and workflow_runs.unlisted_at is not null
        and workflow_runs.missing_upstream_at is null
    )
  );

comment on view awaited_items is
  'One row per run, earlier attempt or jobs of an attempt that could not be fetched yet.';
comment on column awaited_items.run_attempt is
  'The attempt''s number; 0 if kind is run.';
comment on column awaited_items.problem is
  'unanswered: GitHub sent only errors, or fewer jobs than it counts; unreadable: its answer lacks what a row needs; unfinished: it can still change, or GitHub answered 404 although it has the run.';
comment on column awaited_items.tries is
  'How many tries have failed.';
comment on column awaited_items.next_try_at is
  'When it is retried. NULL: given up.';
