-- Which jobs did no runner take, so that GitHub cancelled them after a day?
-- By the labels they request, the latest first. GitHub cancels a job that has waited 24 hours for a
-- runner; no wait for a runner includes it, and no failure rate includes a run that was cancelled.
-- Most often, no runner with all of these labels was online. first_queued_at and last_queued_at are
-- when such jobs were ready for a runner. is_taken_since says whether a runner took a job with the
-- same labels that was ready after the last of them.
--   psql "$DATABASE_URL" -f sql/analysis/untaken_jobs.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
untaken as materialized (
  select
    workflow_runs.repository_id,
    workflow_jobs.labels,
    count(*) as jobs,
    count(distinct workflow_runs.github_run_id) as runs,
    min(workflow_jobs.created_at) as first_queued_at,
    max(workflow_jobs.created_at) as last_queued_at,
    (array_agg(workflow_jobs.html_url order by workflow_jobs.created_at desc))[1] as html_url
  from workflow_runs
  inner join workflow_jobs using (github_run_id, run_attempt)
  cross join period
  where workflow_runs.created_at >= period.since
    and workflow_runs.created_at < period.until
    and (period.repository_ids is null or workflow_runs.repository_id = any(period.repository_ids))
    -- The jobs of shorter runs need not be read.
    and workflow_runs.updated_at >= workflow_runs.started_at + interval '23 hours 50 minutes'
    and workflow_jobs.runner_id is null
    and not workflow_jobs.is_inherited
    and not workflow_jobs.is_pseudo
    and workflow_jobs.conclusion in ('cancelled', 'failure')
    and workflow_jobs.completed_at - workflow_jobs.created_at
      between interval '23 hours 50 minutes' and interval '25 hours'
  group by
    workflow_runs.repository_id,
    workflow_jobs.labels
)
select
  repository_names.repository,
  (
    select string_agg(distinct lower(label), ', ' order by lower(label))
    from unnest(untaken.labels) as label
  ) as runner_label,
  untaken.jobs,
  untaken.runs,
  untaken.first_queued_at,
  untaken.last_queued_at,
  exists (
    select 1
    from executed_jobs
    where executed_jobs.repository_id = untaken.repository_id
      and executed_jobs.created_at >= period.since
      and executed_jobs.created_at < period.until
      and executed_jobs.labels = untaken.labels
      and executed_jobs.queued_at > untaken.last_queued_at
  ) as is_taken_since,
  untaken.html_url,
  untaken.repository_id
from untaken
inner join repository_names using (repository_id)
cross join period
order by
  untaken.last_queued_at desc,
  repository_names.repository,
  runner_label
limit (select period.top from period);
