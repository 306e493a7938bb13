-- The windows that hold these runs, newest first.
-- Those that end after reliable_before are left out, because filtered lists lag behind.
--   psql "$DATABASE_URL" -f sql/runs/windows_of_runs.sql -v repository_id=7 \
--     -v github_run_ids='{1,2}' -v reliable_before=2026-01-31T23:00:00Z
select distinct
  windows.created_from,
  windows.created_to
from workflow_runs
inner join windows
  on windows.repository_id = workflow_runs.repository_id
  and windows.created_from <= workflow_runs.created_at
  and windows.created_to > workflow_runs.created_at
where workflow_runs.repository_id = :'repository_id'::bigint
  and workflow_runs.github_run_id = any(:'github_run_ids'::bigint[])
  and windows.is_complete
  and windows.created_to <= :'reliable_before'::timestamptz
order by windows.created_from desc;
