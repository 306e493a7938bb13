-- Which workflows fail, how often, and how long do they take?
-- Over the runs of the last 30 days, each by its latest attempt. Only decided runs (success,
-- failure, timed_out, startup_failure) count for success_percent; minutes are those of successes,
-- because failures end early, from the attempt's start to the end of its last job. Where jobs are
-- not fetched yet, GitHub's last change of the run stands in for the end, and may be too late.
--   psql "$DATABASE_URL" -f sql/analysis/workflow_outcomes.sql
select
  repository,
  coalesce(workflow_name, workflow_path) as workflow,
  count(*) as runs,
  count(*) filter (where run_attempt > 1) as rerun,
  count(*) filter (where is_decided and conclusion <> 'success') as failed,
  round(
    100.0 * count(*) filter (where conclusion = 'success')
    / nullif(count(*) filter (where is_decided), 0),
    1
  ) as success_percent,
  round(
    (
      percentile_cont(0.5) within group (order by duration_seconds)
      filter (where conclusion = 'success') / 60
    )::numeric,
    1
  ) as p50_minutes,
  round(
    (
      percentile_cont(0.95) within group (order by duration_seconds)
      filter (where conclusion = 'success') / 60
    )::numeric,
    1
  ) as p95_minutes
from latest_attempts
where created_at >= now() - interval '30 days'
group by
  repository,
  coalesce(workflow_name, workflow_path)
order by
  failed desc,
  runs desc,
  workflow;
