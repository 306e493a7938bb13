-- Which workflows fail, how often, and how long do they take?
-- By kind of branch; the most failures in the end come first. Skipped runs, and those that wait for
-- an approval, are left out. Rates are of decided runs (success, failure, timed_out,
-- startup_failure). Times are those of successful first attempts, because failures end early; they
-- include waiting for runners and approvals; p95_seconds needs 20 of them. first_time_percent takes
-- the first attempt of each run, in_the_end_percent its latest; re-runs make the difference.
-- estimated counts runs whose jobs are not stored; their end is GitHub's last change, which may be
-- too late. first_missing counts the runs whose first attempt is not stored. Most often that
-- attempt failed, so first_time_percent is too high. cancelled_last is how many runs were cancelled
-- since the last one that succeeded or failed. workflow_state is deleted or disabled_… for a
-- workflow that no longer runs.
--   psql "$DATABASE_URL" -f sql/analysis/workflow_outcomes.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
states as materialized (
  select
    repository_id,
    workflow_id,
    state
  from workflow_names
)
select
  repository,
  workflow,
  branch_class,
  count(*) filter (where is_first_attempt or (is_latest_attempt and is_first_missing)) as runs,
  count(*) filter (where is_latest_attempt and is_red) as failed,
  round(
    100.0 * count(*) filter (where is_first_attempt and is_success)
    / nullif(count(*) filter (where is_first_attempt and is_decided), 0),
    4
  ) as first_time_percent,
  round(
    100.0 * count(*) filter (where is_latest_attempt and is_success)
    / nullif(count(*) filter (where is_latest_attempt and is_decided), 0),
    4
  ) as in_the_end_percent,
  round(
    (
      percentile_cont(0.5) within group (order by duration_seconds)
      filter (where is_first_attempt and is_success)
    )::numeric
  )::bigint as p50_seconds,
  case
    when count(duration_seconds) filter (where is_first_attempt and is_success) >= 20 then round(
      (
        percentile_cont(0.95) within group (order by duration_seconds)
        filter (where is_first_attempt and is_success)
      )::numeric
    )::bigint
  end as p95_seconds,
  count(*) filter (where is_latest_attempt and is_rerun) as rerun,
  count(*) filter (where is_latest_attempt and not is_decided) as undecided,
  count(duration_seconds) filter (
    where is_first_attempt and is_success and not is_exact
  ) as estimated,
  count(*) filter (where is_latest_attempt and is_first_missing) as first_missing,
  coalesce(
    array_position(
      array_agg(is_decided order by created_at desc, github_run_id desc) filter (
        where is_latest_attempt
          and (is_decided or conclusion = 'cancelled')
      ),
      true
    ) - 1,
    count(*) filter (where is_latest_attempt and conclusion = 'cancelled')
  ) as cancelled_last,
  (array_agg(workflow_path order by created_at desc))[1] as workflow_path,
  state as workflow_state,
  workflow_id,
  repository_id
from attempts
cross join period
left join states using (repository_id, workflow_id)
where created_at >= period.since
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
  and coalesce(conclusion, '') not in ('skipped', 'action_required')
group by
  repository_id,
  repository,
  workflow_id,
  workflow,
  branch_class,
  state
order by
  failed desc,
  runs desc,
  repository,
  workflow,
  workflow_id,
  branch_class
limit (select period.top from period);
