-- Which jobs make runs end late, and how much sooner would a run end without them?
-- Of runs that succeeded at the first attempt. GitHub does not say which jobs wait for which; it
-- shows by the times: a job waits for the one that had ended last when it was queued. The path of a
-- run leads from its last job back in this way, over up to eight jobs. on_path_percent is of the
-- runs in which the job ran. gain_p50_seconds is how much sooner the median of these runs would end
-- if the job took no time and all else stayed; 0 where it is not on the path. gain_hours is the sum
-- over all runs. It is a lower bound: whatever had ended before a job was queued may be needed by
-- it. The jobs of a matrix count as one. docs/accuracy.md says how often that is right.
--   psql "$DATABASE_URL" -f sql/analysis/critical_jobs.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
jobs as materialized (
  select
    github_run_id,
    repository_id,
    repository,
    workflow_id,
    workflow,
    job_id,
    job_base as job,
    extract(epoch from coalesce(queued_at, attempt_started_at))::double precision
      as queued,
    extract(epoch from completed_at)::double precision as ended,
    duration_seconds as seconds
  from executed_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and attempt_conclusion = 'success'
    and not is_rerun
    and duration_seconds is not null
),
names as materialized (
  select distinct
    repository_id,
    repository,
    workflow_id,
    workflow
  from jobs
),
-- GitHub queues a job a second or two after the last job that it needs has ended: after the one
-- that had ended last then, if that was within half a minute.
linked as (
  select
    github_run_id,
    repository_id,
    workflow_id,
    job_id,
    job,
    queued,
    ended,
    seconds,
    is_queued,
    moment,
    max(ending) over (
      partition by github_run_id
      order by
        moment,
        is_queued desc
      rows between unbounded preceding and current row
    ) as last_ending
  from jobs
  cross join lateral (
    values
      (true, least(queued + 2, ended), null),
      (false, ended, array[ended, job_id::double precision])
  ) as event (is_queued, moment, ending)
),
-- All that follows stays within one run, and therefore in arrays: there is nothing to join.
runs as (
  select
    github_run_id,
    repository_id,
    workflow_id,
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
    repository_id,
    workflow_id
),
members as (
  select
    runs.github_run_id,
    runs.repository_id,
    runs.workflow_id,
    member.job,
    member.queued,
    member.ended,
    member.seconds,
    coalesce(
      member.job_id::text in (
        runs.job_ids[1]::text, one.id, two.id, three.id, four.id, five.id, six.id, seven.id
      ),
      false
    ) as is_on_path
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
),
-- A job beside the path can end later by its slack, until the next job of the path has ended too.
slacks as (
  select
    github_run_id,
    repository_id,
    workflow_id,
    job,
    queued,
    ended,
    seconds,
    is_on_path,
    min(ended) filter (where is_on_path) over (
      partition by github_run_id
      order by ended desc
      rows between unbounded preceding and current row
    ) - ended as slack
  from members
),
besides as (
  select
    github_run_id,
    repository_id,
    workflow_id,
    array_agg(job) as jobs,
    array_agg(queued) as queued,
    array_agg(ended) as ended,
    array_agg(seconds) as seconds,
    array_agg(slack) as slacks,
    array_agg(is_on_path) as is_on_path
  from slacks
  group by
    github_run_id,
    repository_id,
    workflow_id
),
-- What does not wait for a job, and ends before what does, limits what it gains by being faster.
parts as materialized (
  select
    besides.github_run_id,
    besides.repository_id,
    besides.workflow_id,
    part.job,
    part.seconds,
    part.path_seconds,
    part.path_seconds is not null as is_on_path,
    case
      when part.path_seconds is not null then (
        select min(
          case
            when other.job = part.job then part.path_ended - other.ended
              + other.seconds
            when other.ended <= part.path_ended then part.path_ended - other.ended
            else other.slack
          end
        )
        from unnest(
          besides.jobs, besides.queued, besides.ended, besides.seconds, besides.slacks,
          besides.is_on_path
        ) as other (job, queued, ended, seconds, slack, is_on_path)
        where not other.is_on_path
          and other.queued < part.path_ended - 2
      )
    end as most_seconds
  from besides
  cross join lateral (
    select
      member.job,
      sum(member.seconds) as seconds,
      sum(member.seconds) filter (where member.is_on_path) as path_seconds,
      min(member.ended) filter (where member.is_on_path) as path_ended
    from unnest(
      besides.jobs, besides.seconds, besides.ended, besides.is_on_path
    ) as member (job, seconds, ended, is_on_path)
    group by member.job
  ) as part
),
gains as (
  select
    repository_id,
    workflow_id,
    job,
    seconds,
    is_on_path,
    coalesce(greatest(least(path_seconds, most_seconds), 0), 0) as gain
  from parts
),
sums as (
  select
    repository_id,
    workflow_id,
    job,
    count(*) as runs,
    count(*) filter (where is_on_path) as runs_on_path,
    percentile_cont(0.5) within group (order by gain::double precision) as gain_p50_seconds,
    sum(gain) as gain,
    sum(seconds) as seconds
  from gains
  group by
    repository_id,
    workflow_id,
    job
)
select
  names.repository,
  names.workflow,
  sums.job,
  sums.runs,
  sums.runs_on_path,
  round(100.0 * sums.runs_on_path / sums.runs, 1) as on_path_percent,
  round(sums.gain_p50_seconds)::bigint as gain_p50_seconds,
  round((sums.gain / 3600)::numeric, 3) as gain_hours,
  round(sums.seconds / 3600, 3) as ran_hours,
  sums.workflow_id,
  sums.repository_id
from sums
left join names
  on names.repository_id is not distinct from sums.repository_id
  and names.workflow_id is not distinct from sums.workflow_id
order by
  sums.gain desc,
  on_path_percent desc,
  names.repository,
  names.workflow,
  sums.job
limit (select period.top from period);
