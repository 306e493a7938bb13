-- How did the runs of each day end at their first attempt?
-- By the day on which the run was created. other counts runs that neither succeeded nor failed,
-- such as cancelled ones. first_missing counts re-run runs whose first attempt is not stored; they
-- are in no other column. Most often that attempt failed.
--   psql "$DATABASE_URL" -f sql/analysis/outcomes_by_day.sql
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
  (created_at at time zone period.time_zone)::date as day,
  count(*) filter (where is_first_attempt and is_success) as succeeded,
  count(*) filter (where is_first_attempt and is_red) as failed,
  count(*) filter (where is_first_attempt and not is_decided) as other,
  count(*) filter (where is_first_missing) as first_missing,
  repository_id
from attempts
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
  and (is_first_attempt or (is_latest_attempt and is_first_missing))
  and conclusion is distinct from 'skipped'
group by
  repository_id,
  repository,
  (created_at at time zone period.time_zone)::date
order by
  repository,
  repository_id,
  (created_at at time zone period.time_zone)::date;
