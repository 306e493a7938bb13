-- How long does a developer wait for an answer, and how soon does a failure show?
-- First attempts that succeeded or failed. signal is the time from the creation or approval of the
-- run to the end of its last job; red, for failures, the time to the end of the first failed job.
-- If red is not much sooner than signal, the jobs that often fail run late. Runs that failed
-- without a job, most often because GitHub could not read the workflow's file, are left out. p90
-- needs 20 runs. estimated counts runs whose jobs are not stored; their signal is GitHub's last
-- change, which may be too late, and they have no red.
--   psql "$DATABASE_URL" -f sql/analysis/time_to_signal.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
)
select
  repository,
  workflow,
  branch_class,
  round(
    percentile_cont(0.5) within group (order by signal_seconds)::numeric
  )::bigint as signal_p50_seconds,
  round(
    percentile_cont(0.5) within group (order by red_signal_seconds)::numeric
  )::bigint as red_p50_seconds,
  count(signal_seconds) as runs,
  count(red_signal_seconds) as red_runs,
  case
    when count(signal_seconds) >= 20 then round(
      percentile_cont(0.9) within group (order by signal_seconds)::numeric
    )::bigint
  end as signal_p90_seconds,
  case
    when count(red_signal_seconds) >= 20 then round(
      percentile_cont(0.9) within group (order by red_signal_seconds)::numeric
    )::bigint
  end as red_p90_seconds,
  count(signal_seconds) filter (where not is_exact) as estimated,
  workflow_id,
  repository_id
from attempts
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
  and is_first_attempt
  and is_decided
  and not is_broken
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  branch_class
order by
  signal_p50_seconds desc nulls last,
  repository,
  workflow,
  branch_class
limit (select period.top from period);
