-- How often is something deployed, how often does it fail, and how long until it is fixed?
-- By week, which begins on Monday in the time zone of the question; the first and the last week may
-- be in the period only in part. Deployments are runs of deployment events, and runs of the
-- workflows that name_kinds calls deployments; make ingest NAME_KINDS=… adds a file of your own.
-- Runs for pull requests and in merge queues do not count, because nothing is merged yet. The last
-- attempt decides whether a run succeeded or failed; failed_percent is the share of failed ones
-- among these two. The other runs, such as cancelled ones, deployed nothing as far as is known. A
-- failure is fixed by a success of a later run of the same workflow, on any commit;
-- mend_p50_seconds is from the end of the failed run to the end of the first such success. unmended
-- failures had none by the end of the period.
--   psql "$DATABASE_URL" -f sql/analysis/deployments.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
runs as (
  select
    attempts.repository_id,
    attempts.repository,
    attempts.workflow_id,
    attempts.workflow,
    attempts.created_at,
    attempts.completed_at,
    attempts.is_success,
    attempts.is_red,
    min(attempts.completed_at) filter (
      where attempts.is_success
        and attempts.completed_at < period.until
    ) over (
      partition by
        attempts.repository_id,
        attempts.workflow_id
      order by
        attempts.created_at,
        attempts.github_run_id
      rows between 1 following and unbounded following
    ) as mended_at
  from attempts
  cross join period
  left join deploying_workflows as deploying using (repository_id, workflow_id)
  where attempts.created_at >= period.since
    and attempts.created_at < period.until
    and (period.repository_ids is null or attempts.repository_id = any(period.repository_ids))
    and attempts.is_latest_attempt
    and attempts.branch_class not in ('pull_request', 'merge_queue')
    and (
      attempts.event_type in ('deployment', 'deployment_status')
      or deploying.workflow_id is not null
    )
    and attempts.conclusion is distinct from 'skipped'
)
select
  runs.repository,
  runs.workflow,
  date_trunc('week', runs.created_at at time zone period.time_zone)::date as week,
  count(*) as deployments,
  count(*) filter (where runs.is_success) as succeeded,
  count(*) filter (where runs.is_red) as failed,
  round(
    100.0 * count(*) filter (where runs.is_red)
    / nullif(count(*) filter (where runs.is_success or runs.is_red), 0),
    4
  ) as failed_percent,
  round(
    (
      percentile_cont(0.5) within group (
        order by extract(epoch from greatest(runs.mended_at, runs.completed_at) - runs.completed_at)
      ) filter (where runs.is_red and runs.mended_at is not null)
    )::numeric
  )::bigint as mend_p50_seconds,
  count(*) filter (where runs.is_red and runs.mended_at is null) as unmended,
  runs.workflow_id,
  runs.repository_id
from runs
cross join period
group by
  runs.repository_id,
  runs.repository,
  runs.workflow_id,
  runs.workflow,
  date_trunc('week', runs.created_at at time zone period.time_zone)
order by
  week,
  runs.repository,
  runs.workflow;
