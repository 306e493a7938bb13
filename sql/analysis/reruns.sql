-- How often are runs started again, and does it turn them green?
-- Over the runs of the last 30 days. An approval makes a new attempt, but is no re-run. Where most
-- of what is run again after a failure becomes green, failures are not believed, and flaky jobs
-- are why; where little does, running again is a waste.
--   psql "$DATABASE_URL" -f sql/analysis/reruns.sql
select
  repository,
  workflow,
  count(*) filter (where is_latest_attempt) as runs,
  count(*) filter (where is_latest_attempt and is_rerun) as rerun,
  round(
    100.0 * count(*) filter (where is_latest_attempt and is_rerun)
    / nullif(count(*) filter (where is_latest_attempt), 0),
    1
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
    1
  ) as turned_green_percent
from attempts
where created_at >= now() - interval '30 days'
group by
  repository_id,
  repository,
  workflow_id,
  workflow
having count(*) filter (where is_rerun) > 0
order by
  reruns desc,
  repository,
  workflow;
