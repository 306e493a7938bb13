-- Which jobs fail most?
-- Jobs that succeeded or failed, except those carried over from an earlier attempt. failed_percent
-- is the share of a job's executions that failed. broke_the_run does not count jobs that are
-- allowed to fail. green_later counts failures whose run succeeded when it was re-run, without a
-- change of the code.
--   psql "$DATABASE_URL" -f sql/analysis/failing_jobs.sql
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
  job,
  count(*) filter (where is_red) as failures,
  round(
    100.0 * count(*) filter (where is_red) / nullif(count(*) filter (where is_decided), 0),
    4
  ) as failed_percent,
  count(*) filter (where is_decided) as executions,
  count(*) filter (where is_red and attempt_is_red) as broke_the_run,
  count(*) filter (where is_red and is_green_later) as green_later,
  count(distinct commit_sha) filter (where is_red) as commits,
  (max(created_at) filter (where is_red) at time zone period.time_zone)::date as last_day,
  workflow_id,
  repository_id
from executed_jobs
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  job,
  period.time_zone
having count(*) filter (where is_red) > 0
order by
  failures desc,
  failed_percent desc,
  repository,
  workflow,
  job
limit (select period.top from period);
