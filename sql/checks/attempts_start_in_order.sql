-- No attempt of a run starts before the one before it.
-- A minute is allowed, because GitHub's clocks differ by seconds. A row is an attempt that starts
-- earlier than that.
--   psql "$DATABASE_URL" -f sql/checks/attempts_start_in_order.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
ordered as (
  select
    repository,
    github_run_id,
    run_attempt,
    started_at,
    lag(started_at) over (
      partition by github_run_id
      order by run_attempt
    ) as started_before_at,
    repository_id
  from workflow_runs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
)
select
  repository,
  github_run_id,
  run_attempt,
  started_at,
  started_before_at,
  repository_id
from ordered
where started_at < started_before_at - interval '1 minute'
order by
  github_run_id,
  run_attempt
limit (select period.top from period);
