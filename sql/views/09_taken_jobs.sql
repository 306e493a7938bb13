-- Jobs that a runner took in the attempt they are listed under, and how long they ran.
-- It reads no attempt, so that it is fast by github_run_id; executed_jobs has the names.
create view taken_jobs as
select
  github_run_id,
  run_attempt,
  job_id,
  name,
  job_base,
  labels,
  runner_id,
  runner_name,
  runner_group_name,
  coalesce(runner_group_name = 'GitHub Actions', false) as is_hosted,
  conclusion,
  created_at as queued_at,
  started_at,
  completed_at,
  case
    when completed_at < started_at then 0
    when completed_at - started_at <= case
      when runner_group_name = 'GitHub Actions' then interval '24 hours'
      else interval '120 hours'
    end
      then trunc(date_part('epoch', completed_at - started_at))::bigint
  end as duration_seconds,
  html_url
from workflow_jobs
where runner_id is not null
  and not is_inherited
  and not is_pseudo
  and conclusion is distinct from 'skipped';

comment on view taken_jobs is
  'One row per job that a runner took in its attempt. Inherited jobs, pseudo-jobs, skipped jobs and jobs that no runner took are left out.';
comment on column taken_jobs.labels is
  'What the job asks of a runner, as the workflow spells it. Empty if it asks for a group alone.';
comment on column taken_jobs.runner_id is
  'GitHub''s id of the runner. A runner that GitHub hosts runs one job.';
comment on column taken_jobs.runner_name is
  'The machine that ran the job, such as GitHub Actions 12 for one that GitHub hosts.';
comment on column taken_jobs.runner_group_name is
  'The runner''s group: GitHub Actions for GitHub''s standard runners.';
comment on column taken_jobs.is_hosted is
  'Whether the runner was one of GitHub''s standard runners. Larger runners belong to groups that their owner named, and count as self-hosted.';
comment on column taken_jobs.conclusion is
  'success, failure, cancelled, timed_out, neutral or action_required; text, because GitHub adds values. NULL if GitHub gives none.';
comment on column taken_jobs.queued_at is
  'When the job was ready for a runner. NULL if GitHub does not say.';
comment on column taken_jobs.duration_seconds is
  'Seconds from started_at to completed_at, 0 if clocks disagree. NULL if one is unknown, and above 24 hours on GitHub''s runners or 5 days on others: no job may run that long, so it was stuck and closed later.';
