-- Which jobs made a run end when it did, as far as the times of its jobs show.
-- GitHub does not say which jobs wait for which. A job that is queued within half a minute of the
-- end of another one is taken to have waited for the one that had ended last. The path of a run
-- leads from its last job back in this way, over up to eight jobs. docs/accuracy.md says how often
-- that is right.
create view critical_paths as
-- GitHub queues a job a second or two after the last job that it needs has ended: after the one
-- that had ended last then, if that was within half a minute.
with linked as (
  select
    github_run_id,
    created_at,
    repository_id,
    repository,
    workflow_id,
    workflow,
    is_of_push,
    job_id,
    job_base as job,
    queued,
    ended,
    duration_seconds as seconds,
    is_queued,
    moment,
    max(ending) over (
      partition by
        github_run_id,
        created_at,
        repository_id
      order by
        moment,
        is_queued desc
      rows between unbounded preceding and current row
    ) as last_ending
  from executed_jobs
  cross join lateral (
    select
      coalesce(date_part('epoch', queued_at - attempt_started_at), 0) as queued,
      date_part('epoch', completed_at - attempt_started_at) as ended
  ) as times
  cross join lateral (
    values
      (true, least(queued + 2, ended), null),
      (false, ended, array[ended, job_id::double precision])
  ) as event (is_queued, moment, ending)
  where attempt_conclusion = 'success'
    and not is_rerun
    and duration_seconds is not null
),
-- All that follows stays within one run, and therefore in arrays: there is nothing to join.
runs as (
  select
    github_run_id,
    created_at,
    repository_id,
    max(repository) as repository,
    workflow_id,
    max(workflow) as workflow,
    bool_or(is_of_push) as is_of_push,
    array_agg(job_id order by ended desc, job_id) as job_ids,
    array_agg(job order by ended desc, job_id) as jobs,
    array_agg(queued order by ended desc, job_id) as queued,
    array_agg(ended order by ended desc, job_id) as ended,
    array_agg(seconds order by ended desc, job_id) as seconds,
    coalesce(
      jsonb_object_agg(job_id, last_ending[2]::bigint) filter (where last_ending[1] > moment - 30),
      '{}'
    ) as needs
  from linked
  where is_queued
  group by
    github_run_id,
    created_at,
    repository_id,
    workflow_id
)
select
  runs.github_run_id,
  runs.created_at,
  runs.repository_id,
  runs.repository,
  runs.workflow_id,
  runs.workflow,
  runs.is_of_push,
  member.job_id,
  member.job,
  member.queued as queued_after_seconds,
  member.ended as ended_after_seconds,
  member.seconds as duration_seconds,
  on_path.is_on_path,
  min(member.ended) filter (where on_path.is_on_path) over (
    partition by
      runs.github_run_id,
      runs.created_at,
      runs.repository_id
    order by member.ended desc
    rows between unbounded preceding and current row
  ) - member.ended as slack_seconds
from runs
cross join lateral (select runs.needs ->> runs.job_ids[1]::text as id) as one
cross join lateral (select runs.needs ->> one.id as id) as two
cross join lateral (select runs.needs ->> two.id as id) as three
cross join lateral (select runs.needs ->> three.id as id) as four
cross join lateral (select runs.needs ->> four.id as id) as five
cross join lateral (select runs.needs ->> five.id as id) as six
cross join lateral (select runs.needs ->> six.id as id) as seven
cross join lateral unnest(
  runs.job_ids, runs.jobs, runs.queued, runs.ended, runs.seconds
) as member (job_id, job, queued, ended, seconds)
cross join lateral (
  select
    coalesce(
      member.job_id::text in (
        runs.job_ids[1]::text, one.id, two.id, three.id, four.id, five.id, six.id, seven.id
      ),
      false
    ) as is_on_path
) as on_path;

comment on view critical_paths is
  'One row per job of a run that succeeded at the first attempt: whether it lies on the path that made the run end when it did. Inferred from times; a lower bound, because a job is assumed to need everything that ended before it was queued.';
comment on column critical_paths.job is
  'The name of the job without the values of its matrix, as job_base of executed_jobs.';
comment on column critical_paths.queued_after_seconds is
  'Seconds from the start of the attempt until the job was ready for a runner; 0 if GitHub does not say.';
comment on column critical_paths.ended_after_seconds is
  'Seconds from the start of the attempt until the job ended.';
comment on column critical_paths.is_on_path is
  'Whether the job lies on the path.';
comment on column critical_paths.slack_seconds is
  'How many seconds later the job could have ended before the next job of the path; 0 on the path.';
