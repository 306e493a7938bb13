-- No attempt is both stored and noted as missing at GitHub.
-- A row is an attempt that is noted as missing although it is stored.
--   psql "$DATABASE_URL" -f sql/checks/missing_attempts_are_not_stored.sql
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
  missing_attempts.github_run_id,
  missing_attempts.run_attempt,
  missing_attempts.missing_at,
  missing_attempts.repository_id
from missing_attempts
inner join workflow_runs using (github_run_id, run_attempt)
cross join period
where workflow_runs.created_at >= period.since
  and workflow_runs.created_at < period.until
  and (period.repository_ids is null or workflow_runs.repository_id = any(period.repository_ids))
order by
  missing_attempts.github_run_id,
  missing_attempts.run_attempt
limit (select period.top from period);
