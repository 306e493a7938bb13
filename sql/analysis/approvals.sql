-- Which jobs wait for an approval or for another run, and for how long?
-- Two kinds of jobs. The first waited for over two minutes, while a job with the same label became
-- ready at least a minute later and got a runner over a minute sooner; so these jobs did not wait
-- for a runner. The others waited for over a day; GitHub cancels a job that no runner takes in that
-- time. GitHub reports waits for an approval and for a runner alike. The time of a run includes
-- them. If nothing else ran meanwhile, a shorter wait cannot be distinguished from a queue and is
-- not listed here. p90_seconds needs 20 jobs.
--   psql "$DATABASE_URL" -f sql/analysis/approvals.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
waits as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    job_base,
    github_run_id,
    created_at,
    queue_seconds is null as is_over_a_day,
    coalesce(
      queue_seconds, extract(epoch from started_at - queued_at)
    ) as wait_seconds,
    coalesce(
      queue_seconds > 120
      and started_at - min(started_at) over (
        partition by repository_id, runner_label
        order by queued_at desc
        range between unbounded preceding and interval '60 seconds' preceding
      ) > interval '60 seconds',
      false
    ) as is_held
  from labelled_jobs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and queued_at is not null
    and started_at is not null
)
select
  repository,
  workflow,
  branch_class,
  job_base as job,
  count(*) as jobs,
  count(distinct github_run_id) as runs,
  round(percentile_cont(0.5) within group (order by wait_seconds)::numeric)::bigint as p50_seconds,
  case
    when count(*) >= 20
      then round(percentile_cont(0.9) within group (order by wait_seconds)::numeric)::bigint
  end as p90_seconds,
  round(sum(wait_seconds) / 3600.0, 2) as total_hours,
  max(created_at) as last_created_at,
  workflow_id,
  repository_id
from waits
where is_held
  or is_over_a_day
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  branch_class,
  job_base
order by
  total_hours desc,
  repository,
  workflow,
  branch_class,
  job
limit (select period.top from period);
