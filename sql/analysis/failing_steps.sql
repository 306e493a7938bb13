-- At which steps do failed jobs fail?
-- Failed jobs by their first failed step, because later steps are skipped or clean up. The jobs of
-- a matrix are combined; job is the whole name if only one of them failed at the step. A job
-- without a failed step lost its runner, or its steps are not stored. workflow_percent is the share
-- of the workflow's failed jobs that failed at this step: fix the step with the largest share
-- first. broke_the_run does not count jobs that are allowed to fail. green_later counts failures
-- whose run succeeded when it was re-run.
--   psql "$DATABASE_URL" -f sql/analysis/failing_steps.sql
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
  case when count(distinct job) = 1 then min(job) else job_base end as job,
  step,
  count(*) as failures,
  round(
    100.0 * count(*)
    / nullif(sum(count(*)) over (partition by repository_id, workflow_id, workflow), 0),
    4
  ) as workflow_percent,
  round(sum(duration_seconds) / 60.0, 2) as failed_minutes,
  count(*) filter (where attempt_is_red) as broke_the_run,
  count(*) filter (where is_green_later) as green_later,
  count(distinct commit_sha) as commits,
  (max(created_at) at time zone period.time_zone)::date as last_day,
  (array_agg(html_url order by completed_at desc nulls last))[1] as html_url,
  workflow_id,
  repository_id
from first_failures
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  job_base,
  step,
  period.time_zone
order by
  failures desc,
  repository,
  workflow,
  job,
  step
limit (select period.top from period);
