-- Which jobs make runs end late, and how much sooner would a run end without them?
-- Jobs on the critical path of runs that succeeded at the first attempt, as in critical_paths. The
-- jobs of a matrix count as one. on_path_percent is the share of a job's runs in which it is on the
-- path. gain is how much sooner a run would end if the job took no time and everything else stayed
-- the same; it is 0 if the job is not on the path. gain_p50_seconds is its median, gain_hours its
-- sum over all runs, push_gain_hours its sum over runs that a push started: a commit waits for
-- these, but hardly anybody for a nightly. All gains are lower bounds: a job is assumed to need
-- everything that ended before it was queued. docs/accuracy.md says how often that is right.
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
-- All that follows stays within one run, and therefore in arrays: there is nothing to join.
runs as (
  select
    repository_id,
    max(repository) as repository,
    workflow_id,
    max(workflow) as workflow,
    bool_or(is_of_push) as is_of_push,
    array_agg(job) as jobs,
    array_agg(queued_after_seconds) as queued,
    array_agg(ended_after_seconds) as ended,
    array_agg(duration_seconds) as seconds,
    array_agg(slack_seconds) as slacks,
    array_agg(is_on_path) as is_on_path
  from critical_paths
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by
    github_run_id,
    repository_id,
    workflow_id
),
-- Jobs that do not wait for a job limit how much is gained if it gets faster.
parts as materialized (
  select
    runs.repository_id,
    runs.repository,
    runs.workflow_id,
    runs.workflow,
    runs.is_of_push,
    part.job,
    part.seconds,
    part.path_seconds,
    part.path_seconds is not null as is_on_path,
    case
      when part.path_seconds is not null then (
        select min(
          case
            when other.job = part.job then part.path_ended - other.ended + other.seconds
            when other.ended <= part.path_ended then part.path_ended - other.ended
            else other.slack
          end
        )
        from unnest(
          runs.jobs, runs.queued, runs.ended, runs.seconds, runs.slacks, runs.is_on_path
        ) as other (job, queued, ended, seconds, slack, is_on_path)
        where not other.is_on_path
          and other.queued < part.path_ended - 2
      )
    end as most_seconds
  from runs
  cross join lateral (
    select
      member.job,
      sum(member.seconds) as seconds,
      sum(member.seconds) filter (where member.is_on_path) as path_seconds,
      min(member.ended) filter (where member.is_on_path) as path_ended
    from unnest(runs.jobs, runs.seconds, runs.ended, runs.is_on_path)
      as member (job, seconds, ended, is_on_path)
    group by member.job
  ) as part
),
sums as (
  select
    repository_id,
    max(repository) as repository,
    workflow_id,
    max(workflow) as workflow,
    job,
    count(*) as runs,
    count(*) filter (where is_on_path) as runs_on_path,
    percentile_cont(0.5) within group (order by gain::double precision) as gain_p50_seconds,
    coalesce(sum(gain) filter (where is_of_push), 0) as push_gain,
    sum(gain) as gain,
    sum(seconds) as seconds
  from parts
  cross join lateral (
    select coalesce(greatest(least(path_seconds, most_seconds), 0), 0) as gain
  ) as gains
  group by
    repository_id,
    workflow_id,
    job
)
select
  sums.repository,
  sums.workflow,
  sums.job,
  round((sums.push_gain / 3600)::numeric, 3) as push_gain_hours,
  round((sums.gain / 3600)::numeric, 3) as gain_hours,
  round(sums.gain_p50_seconds::numeric)::bigint as gain_p50_seconds,
  round(100.0 * sums.runs_on_path / sums.runs, 4) as on_path_percent,
  sums.runs,
  sums.runs_on_path,
  round(sums.seconds / 3600, 3) as ran_hours,
  sums.workflow_id,
  sums.repository_id
from sums
order by
  sums.push_gain desc,
  sums.gain desc,
  on_path_percent desc,
  sums.repository,
  sums.workflow,
  sums.job
limit (select period.top from period);
