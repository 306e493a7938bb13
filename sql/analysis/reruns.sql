-- How often are runs re-run, and does it turn them green?
-- If most re-runs of failures turn green, flaky jobs are the reason, and people do not trust
-- failures. If few do, re-running is a waste. An attempt after an approval is not a re-run. rerun
-- counts the runs that were re-run, reruns their further attempts. turned_green_percent is the
-- share that became green among the runs in rerun_after_failure whose last attempt succeeded or
-- failed. first_missing counts the runs in rerun whose first attempt is not stored. Most often that
-- attempt failed, so rerun_after_failure lacks the runs that the first re-run turned green.
--   psql "$DATABASE_URL" -f sql/analysis/reruns.sql
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
  count(*) filter (where is_latest_attempt) as runs,
  count(*) filter (where is_latest_attempt and is_rerun) as rerun,
  round(
    100.0 * count(*) filter (where is_latest_attempt and is_rerun)
    / nullif(count(*) filter (where is_latest_attempt), 0),
    4
  ) as rerun_percent,
  count(*) filter (where is_rerun) as reruns,
  count(*) filter (where is_latest_attempt and is_rerun and is_red_before) as rerun_after_failure,
  count(*) filter (
    where is_latest_attempt and is_rerun and is_red_before and is_success
  ) as turned_green,
  round(
    100.0 * count(*) filter (
      where is_latest_attempt and is_rerun and is_red_before and is_success
    )
    / nullif(
      count(*) filter (where is_latest_attempt and is_rerun and is_red_before and is_decided), 0
    ),
    4
  ) as turned_green_percent,
  count(*) filter (where is_latest_attempt and is_rerun and is_first_missing) as first_missing,
  workflow_id,
  repository_id
from attempts
cross join period
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
  and conclusion is distinct from 'skipped'
group by
  repository_id,
  repository,
  workflow_id,
  workflow
having count(*) filter (where is_rerun) > 0
order by
  reruns desc,
  repository,
  workflow
limit (select period.top from period);
