-- How long does a developer wait for an answer, and how soon does a failure show?
-- Over the decided first attempts of the last 30 days, from the creation of the run, or from its
-- approval: to the end of its last job (signal), and, of those that failed, to the end of the first
-- job that did (red). Where red is not much sooner than signal, what fails often runs late. p90 is
-- empty under 20 runs.
--   psql "$DATABASE_URL" -f sql/analysis/time_to_signal.sql
select
  repository,
  workflow,
  branch_class,
  count(signal_seconds) as runs,
  round(
    (percentile_cont(0.5) within group (order by signal_seconds) / 60)::numeric,
    1
  ) as p50_signal_minutes,
  case
    when count(signal_seconds) >= 20 then round(
      (percentile_cont(0.9) within group (order by signal_seconds) / 60)::numeric,
      1
    )
  end as p90_signal_minutes,
  count(red_signal_seconds) as red_runs,
  round(
    (percentile_cont(0.5) within group (order by red_signal_seconds) / 60)::numeric,
    1
  ) as p50_red_minutes,
  case
    when count(red_signal_seconds) >= 20 then round(
      (percentile_cont(0.9) within group (order by red_signal_seconds) / 60)::numeric,
      1
    )
  end as p90_red_minutes
from attempts
where created_at >= now() - interval '30 days'
  and is_first_attempt
  and is_decided
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  branch_class
order by
  p50_signal_minutes desc nulls last,
  repository,
  workflow,
  branch_class;
