-- No run is both open and ended.
-- A row is a run that is kept as open although the same attempt, or a later one, is stored as
-- ended. It would be requested again for ever.
--   psql "$DATABASE_URL" -f sql/checks/open_runs_have_not_ended.sql
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
  workflow_runs.repository,
  open_runs.github_run_id,
  open_runs.run_attempt as open_attempt,
  max(workflow_runs.run_attempt) as ended_attempt,
  open_runs.repository_id
from open_runs
inner join workflow_runs
  on workflow_runs.github_run_id = open_runs.github_run_id
  and workflow_runs.run_attempt >= open_runs.run_attempt
cross join period
where open_runs.created_at >= period.since
  and open_runs.created_at < period.until
  and (period.repository_ids is null or open_runs.repository_id = any(period.repository_ids))
group by
  workflow_runs.repository,
  open_runs.github_run_id,
  open_runs.run_attempt,
  open_runs.repository_id
order by open_runs.github_run_id
limit (select period.top from period);
