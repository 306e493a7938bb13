-- Runs of each repository that GitHub deletes within seven days and that are incomplete here.
-- is_assumed: GitHub did not report how long it keeps runs.
--   psql "$DATABASE_URL" -f sql/status/leaving.sql -v now=2026-02-01T00:00:00Z
with leaving as (
  select
    repository_id,
    count(*) as runs,
    min(leaves_at) as first_leaves_at
  from leaving_runs
  where leaves_at < :'now'::timestamptz + interval '7 days'
  group by repository_id
)
select
  repositories.repository,
  repositories.repository_id,
  coalesce(leaving.runs, 0) as leaving_runs,
  leaving.first_leaves_at,
  upstream_retention.retention_days,
  upstream_retention.is_assumed,
  upstream_retention.asked_at,
  exists (
    select 1
    from workflow_runs
    where workflow_runs.repository_id = repositories.repository_id
      and workflow_runs.jobs_listed_at is not null
  ) as has_jobs
from repositories
inner join upstream_retention using (repository_id)
left join leaving using (repository_id)
where repositories.forgotten_at is null
order by
  repositories.repository,
  repositories.repository_id;
