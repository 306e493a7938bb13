-- Stored attempts whose jobs are not final yet. The jobs of a skipped attempt did not run, so they
-- are never fetched.
create view pending_jobs as
select
  workflow_runs.repository_id,
  workflow_runs.github_run_id,
  workflow_runs.run_attempt,
  workflow_runs.created_at,
  workflow_runs.started_at,
  workflow_runs.conclusion,
  retries.problem,
  retries.reason,
  retries.tries,
  retries.next_try_at
from workflow_runs
left join retries
  on retries.github_run_id = workflow_runs.github_run_id
  and retries.run_attempt = workflow_runs.run_attempt
  and retries.kind = 'jobs'
  and retries.attempt_updated_at is not distinct from workflow_runs.updated_at
where workflow_runs.jobs_listed_at is null
  and workflow_runs.missing_upstream_at is null
  and workflow_runs.conclusion is distinct from 'skipped';

comment on view pending_jobs is
  'One row per stored attempt whose jobs are not known to be final, and that GitHub still has.';
comment on column pending_jobs.run_attempt is
  'The attempt''s number.';
comment on column pending_jobs.problem is
  'Why they could not be fetched: unanswered, unreadable or unfinished. NULL: they have not been tried since the attempt last changed.';
comment on column pending_jobs.tries is
  'How many tries have failed. NULL: none.';
comment on column pending_jobs.next_try_at is
  'When they are retried. NULL: at once, or never if there were tries.';
