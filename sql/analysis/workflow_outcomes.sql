-- Which workflows fail, how often, and how long do they take?
-- Over the runs of the last 30 days. A success rate counts decided runs only (success, failure,
-- timed_out, startup_failure): cancelled and skipped ones say neither. first_time_percent is what
-- people meet, each run by its first attempt; in_the_end_percent is what came of it, by its latest.
-- The gap between the two was closed by running again. p50_minutes is that of first attempts that
-- succeeded, because failures end early.
--   psql "$DATABASE_URL" -f sql/analysis/workflow_outcomes.sql
select
  repository,
  workflow,
  count(*) filter (where is_latest_attempt) as runs,
  count(*) filter (where is_latest_attempt and is_red) as failed,
  count(*) filter (where is_latest_attempt and not is_decided) as undecided,
  round(
    100.0 * count(*) filter (where is_first_attempt and is_success)
    / nullif(count(*) filter (where is_first_attempt and is_decided), 0),
    1
  ) as first_time_percent,
  round(
    100.0 * count(*) filter (where is_latest_attempt and is_success)
    / nullif(count(*) filter (where is_latest_attempt and is_decided), 0),
    1
  ) as in_the_end_percent,
  round(
    (
      percentile_cont(0.5) within group (order by duration_seconds)
      filter (where is_first_attempt and is_success) / 60
    )::numeric,
    1
  ) as p50_minutes
from attempts
where created_at >= now() - interval '30 days'
group by
  repository_id,
  repository,
  workflow_id,
  workflow
order by
  failed desc,
  runs desc,
  repository,
  workflow;
