-- At which steps do failed jobs fail?
-- Over the failed jobs of the last 30 days, those of one matrix together, each by the first of its
-- steps that failed: what comes after is skipped, or cleans up. A job without such a step lost its
-- runner or has no steps stored. workflow_percent is of all failed jobs of the workflow: one step
-- that stands for most of them is the one to mend.
--   psql "$DATABASE_URL" -f sql/analysis/failing_steps.sql
select
  repository,
  workflow,
  job_base as job,
  coalesce(step, '(none)') as step,
  count(*) as failed,
  round(
    100.0 * count(*)
    / nullif(sum(count(*)) over (partition by repository_id, workflow_id, workflow), 0),
    1
  ) as workflow_percent,
  count(distinct commit_sha) as commits,
  count(*) filter (where is_green_later) as green_later,
  max(day) as last_day
from first_failures
where created_at >= now() - interval '30 days'
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  job_base,
  step
order by
  failed desc,
  repository,
  workflow,
  job,
  step;
