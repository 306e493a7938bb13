-- Complete windows, short enough for one page, with at least two open runs.
-- Listing such a window takes fewer requests than fetching each run.
--   psql "$DATABASE_URL" -f sql/runs/windows_with_open_runs.sql -v repository_id=7
select
  windows.created_from,
  windows.created_to,
  array_agg(open_runs.github_run_id) as github_run_ids
from windows
inner join open_runs
  on open_runs.repository_id = windows.repository_id
  and open_runs.created_at >= windows.created_from
  and open_runs.created_at < windows.created_to
where windows.repository_id = :'repository_id'::bigint
  and windows.is_complete
  and windows.seen <= 100
  and open_runs.missing_upstream_at is null
group by
  windows.created_from,
  windows.created_to
having count(*) >= 2
order by windows.created_from desc;
