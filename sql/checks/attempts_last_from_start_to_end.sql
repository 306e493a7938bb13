-- The duration of an attempt is the time from its start to its end.
-- It is 0 if the end is before the start, because GitHub's clocks differ by seconds. A row is an
-- attempt with another duration, or with one that lacks a start or an end.
--   psql "$DATABASE_URL" -f sql/checks/attempts_last_from_start_to_end.sql
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
  github_run_id,
  run_attempt,
  started_at,
  completed_at,
  duration_seconds,
  repository_id
from workflow_runs
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
  and duration_seconds is distinct from case
    when completed_at < started_at then 0
    else trunc(extract(epoch from completed_at - started_at))::bigint
  end
order by
  github_run_id,
  run_attempt
limit (select period.top from period);
