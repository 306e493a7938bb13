-- How long do the workflows take, on the default branch and in pull requests?
-- Over the first attempts of the last 30 days that succeeded, from their start to the end of their
-- last job: half of them took no longer than p50, all but one in twenty no longer than p95, which
-- is empty under 20 runs, where it would be little more than the longest one. Of the runs in
-- estimated the jobs are not stored, and GitHub's last change stands for their end; it may be too
-- late. Waits are part of it, for runners as for people: a release that awaits an approval is long.
--   psql "$DATABASE_URL" -f sql/analysis/durations.sql
select
  repository,
  workflow,
  branch_class,
  count(duration_seconds) as runs,
  count(duration_seconds) filter (where not is_exact) as estimated,
  round(
    (percentile_cont(0.5) within group (order by duration_seconds) / 60)::numeric,
    1
  ) as p50_minutes,
  case
    when count(duration_seconds) >= 20 then round(
      (percentile_cont(0.95) within group (order by duration_seconds) / 60)::numeric,
      1
    )
  end as p95_minutes
from attempts
where created_at >= now() - interval '30 days'
  and is_first_attempt
  and is_success
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  branch_class
order by
  p50_minutes desc nulls last,
  repository,
  workflow,
  branch_class;
