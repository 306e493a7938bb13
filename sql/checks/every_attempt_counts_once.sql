-- Every stored attempt is one row of the view attempts, with one outcome.
-- The outcomes are: succeeded, failed, and all others. A row is a day of a repository on which the
-- attempts differ from the rows of the view, or these from the sum of their outcomes.
--   psql "$DATABASE_URL" -f sql/checks/every_attempt_counts_once.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
stored as (
  select
    repository_id,
    (created_at at time zone 'UTC')::date as day,
    count(*) as attempts
  from workflow_runs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by
    repository_id,
    (created_at at time zone 'UTC')::date
),
viewed as (
  select
    repository_id,
    max(repository) as repository,
    day,
    count(*) as attempts,
    count(*) filter (where is_success) as succeeded,
    count(*) filter (where is_red) as failed,
    count(*) filter (where not is_decided) as others
  from attempts
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by
    repository_id,
    day
)
select
  viewed.repository,
  coalesce(stored.day, viewed.day) as day,
  coalesce(stored.attempts, 0) as stored_attempts,
  coalesce(viewed.attempts, 0) as attempts,
  viewed.succeeded,
  viewed.failed,
  viewed.others,
  coalesce(stored.repository_id, viewed.repository_id) as repository_id
from stored
full join viewed
  on coalesce(viewed.repository_id, 0) = coalesce(stored.repository_id, 0)
  and viewed.day = stored.day
where stored.attempts is distinct from viewed.attempts
  or viewed.attempts <> viewed.succeeded + viewed.failed + viewed.others
order by
  repository_id,
  day
limit (select period.top from period);
