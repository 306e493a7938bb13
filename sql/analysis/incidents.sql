-- When was the default branch red, by which workflow, and for how long?
-- Those that ended in the period, and those that are open at its end and had a run in it: what does
-- not run any more is red no more. The open ones come first; they have no recovered_at, and seconds
-- goes to the end of the period. red_at is the end of the first run that failed.
--   psql "$DATABASE_URL" -f sql/analysis/incidents.sql
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
  red_at,
  case when recovered_at < period.until then recovered_at end as recovered_at,
  extract(epoch from least(recovered_at, period.until) - red_at)::bigint as seconds,
  red_runs,
  html_url,
  workflow_id
from incidents
cross join period
where red_at < period.until
  and (
    recovered_at between period.since and period.until
    or last_red_run_created_at >= period.since
  )
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
order by
  coalesce(recovered_at < period.until, false),
  red_at desc,
  repository,
  workflow
limit (select period.top from period);
