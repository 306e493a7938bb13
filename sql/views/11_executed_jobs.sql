-- Jobs that a runner really took in the attempt they are listed under, with exact times.
create view executed_jobs as
select
  attempts.github_run_id,
  attempts.run_attempt,
  taken_jobs.job_id,
  attempts.repository_id,
  attempts.repository,
  attempts.workflow_id,
  attempts.workflow,
  attempts.workflow_path,
  attempts.is_private,
  attempts.branch,
  attempts.branch_class,
  attempts.commit_sha,
  attempts.event_type,
  attempts.started_by,
  attempts.created_at,
  attempts.day,
  attempts.started_at as attempt_started_at,
  attempts.conclusion as attempt_conclusion,
  attempts.is_red as attempt_is_red,
  attempts.attempts,
  attempts.is_first_attempt,
  attempts.is_latest_attempt,
  attempts.is_rerun,
  attempts.is_of_push,
  attempts.is_green_later,
  coalesce(nullif(taken_jobs.name, ''), 'unnamed') as job,
  taken_jobs.job_base,
  taken_jobs.labels,
  case
    -- Most jobs have one label of words and a short number, such as ubuntu-24.04. It is unchanged.
    when cardinality(taken_jobs.labels) = 1 and taken_jobs.labels[1] ~ '^[a-z-]+[0-9.]{0,5}$'
      then taken_jobs.labels[1]
    -- Without these, none of the patterns below can match, which take twenty times as long.
    when lower(array_to_string(taken_jobs.labels, ' '))
      !~ '[0-9][a-z]+[0-9]|[0-9]{6}|-[0-9a-f]{12}'
      then sorted.labels
    else regexp_replace(
      sorted.labels,
      -- A number, a UUID, or letters and digits in turn: made for each run, unless its
      -- letters are all words for a system and its size, as in win2022x64 and 16vcpu64gb.
      '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
      || '|(?<![a-z0-9])(?=[a-z0-9]*[0-9][a-z]+[0-9][a-z]*)'
      || '(?!([0-9]+|win(dows)?|ubuntu|linux|mac(os)?|ios|xcode|x|arm|aarch|amd|gpu|v?cpu|cores?'
      || '|c|gb?|ram|xl|v)+(?![a-z0-9]))[a-z0-9]{8,}(?![a-z0-9])'
      || '|[0-9]{6,}',
      '*',
      'g'
    )
  end as runner_label,
  taken_jobs.runner_id,
  taken_jobs.runner_name,
  taken_jobs.runner_group_name,
  taken_jobs.is_hosted,
  taken_jobs.conclusion,
  coalesce(taken_jobs.conclusion in ('success', 'failure', 'timed_out'), false) as is_decided,
  coalesce(taken_jobs.conclusion = 'success', false) as is_success,
  coalesce(taken_jobs.conclusion in ('failure', 'timed_out'), false) as is_red,
  taken_jobs.queued_at,
  taken_jobs.started_at,
  taken_jobs.completed_at,
  case
    when taken_jobs.started_at < taken_jobs.queued_at then 0
    when taken_jobs.started_at - taken_jobs.queued_at <= interval '24 hours'
      then trunc(date_part('epoch', taken_jobs.started_at - taken_jobs.queued_at))::bigint
  end as queue_seconds,
  taken_jobs.duration_seconds,
  taken_jobs.html_url
from attempts
inner join taken_jobs using (github_run_id, run_attempt)
cross join lateral (
  select
    (
      select string_agg(distinct lower(label), ', ' order by lower(label))
      from unnest(taken_jobs.labels) as label
    ) as labels
) as sorted;

comment on view executed_jobs is
  'One row per job that a runner took in its attempt. Inherited jobs, pseudo-jobs, skipped jobs and jobs that no runner took are left out.';
comment on column executed_jobs.attempt_started_at is
  'When the attempt started, as attempts.started_at.';
comment on column executed_jobs.attempt_conclusion is
  'The conclusion of the whole attempt, as attempts.conclusion.';
comment on column executed_jobs.attempt_is_red is
  'Whether the attempt failed; false for a failed job that was allowed to fail.';
comment on column executed_jobs.job is
  'The name of the job as GitHub shows it, with the values of its matrix; unnamed if it gave none. Not unique within an attempt; job_id is.';
comment on column executed_jobs.runner_label is
  'What the job asks of a runner: its labels in lower case and in order, joined by commas, with * for long numbers and UUIDs, which name a run or a machine. Other ends made for a run are in labels_of_one_run. NULL if it names none.';
comment on column executed_jobs.conclusion is
  'success, failure, cancelled, timed_out, neutral or action_required; text, because GitHub adds values. NULL if GitHub gives none.';
comment on column executed_jobs.is_decided is
  'Whether it succeeded or failed (success, failure, timed_out).';
comment on column executed_jobs.is_success is
  'Whether it succeeded (conclusion success).';
comment on column executed_jobs.is_red is
  'Whether it failed (failure, timed_out).';
comment on column executed_jobs.started_at is
  'When a runner took the job.';
comment on column executed_jobs.queue_seconds is
  'Seconds from queued_at to started_at, 0 if clocks disagree. NULL if one is unknown, and above 24 hours: GitHub drops jobs that queue for longer, so that was a wait for approval.';
comment on column executed_jobs.html_url is
  'The page of the job on GitHub.';
