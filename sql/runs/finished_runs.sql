-- Attempts that ended since a moment, with the usual duration of their workflow and their cost.
-- usual_seconds is the median of the successful first attempts of the workflow, by the same event,
-- in the 30 days before; NULL with fewer than 5. has_jobs says whether the jobs are stored, as far
-- as there are any; list_cost_usd is NULL if one of them has no known cost.
--   psql "$DATABASE_URL" -f sql/runs/finished_runs.sql -v github_run_ids='{1,2}' \
--     -v since=2026-01-01T00:00:00Z
select
  attempts.github_run_id,
  attempts.run_attempt,
  attempts.repository,
  attempts.workflow,
  attempts.branch,
  attempts.event_type,
  attempts.conclusion,
  attempts.completed_at,
  attempts.duration_seconds,
  attempts.is_exact as has_jobs,
  usual.usual_seconds,
  costs.list_cost_usd,
  attempts.html_url
from attempts
inner join workflow_runs using (github_run_id, run_attempt)
cross join lateral (
  select
    case
      when count(earlier.duration_seconds) >= 5 then round(
        percentile_cont(0.5) within group (order by earlier.duration_seconds)
      )::bigint
    end as usual_seconds
  from workflow_runs as earlier
  where earlier.repository_id = attempts.repository_id
    and earlier.workflow_id = attempts.workflow_id
    and earlier.created_at >= attempts.created_at - interval '30 days'
    and earlier.created_at < attempts.created_at
    and earlier.event_type = attempts.event_type
    and earlier.run_attempt = 1
    and earlier.conclusion = 'success'
) as usual
cross join lateral (
  select
    case
      when count(*) = count(job_costs.list_cost_usd) then coalesce(sum(job_costs.list_cost_usd), 0)
    end as list_cost_usd
  from job_costs
  where job_costs.github_run_id = attempts.github_run_id
    and job_costs.repository_id = attempts.repository_id
    and job_costs.created_at = attempts.created_at
    and job_costs.run_attempt = attempts.run_attempt
) as costs
where attempts.github_run_id = any(:'github_run_ids'::bigint[])
  and workflow_runs.updated_at >= :'since'::timestamptz
order by
  attempts.completed_at,
  attempts.github_run_id,
  attempts.run_attempt;
