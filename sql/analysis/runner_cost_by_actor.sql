-- Whose runs cost how much on runners, and how did that change?
-- GitHub's list price of the jobs in the attempts that an account started, compared with the period
-- of equal length before; as in runner_cost. Runs that a schedule started belong to nobody, because
-- GitHub names whoever last changed the schedule. actor_kind follows the rules in name_kinds; it is
-- unknown if the account is gone or no rule fits. unpriced_jobs have no known cost, nor have
-- unpriced_before in the period before; free_jobs cost nothing.
--   psql "$DATABASE_URL" -f sql/analysis/runner_cost_by_actor.sql
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
  repository,
  started_by as actor,
  sum(list_cost_usd) filter (where is_now) as list_cost_usd,
  sum(list_cost_usd) filter (where not is_now) as list_cost_usd_before,
  count(distinct github_run_id) filter (where is_now) as runs,
  count(*) filter (where is_now) as jobs,
  sum(minutes) filter (where is_now)::bigint as minutes,
  case
    when started_by = 'a schedule' then 'schedule'
    else coalesce(actor_kinds.kind, 'unknown')
  end as actor_kind,
  count(*) filter (where is_now and list_cost_usd is null) as unpriced_jobs,
  count(*) filter (where is_now and free_because is not null) as free_jobs,
  count(*) filter (where not is_now and list_cost_usd is null) as unpriced_before,
  repository_id
from job_costs
cross join period
cross join lateral (select created_at >= period.since as is_now) as kinds
left join actor_kinds on actor_kinds.actor = job_costs.started_by
where created_at >= period.since - (period.until - period.since)
  and created_at < period.until
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
group by
  repository_id,
  repository,
  started_by,
  actor_kinds.kind
order by
  list_cost_usd desc nulls last,
  minutes desc nulls last,
  repository,
  actor
limit (select period.top from period);
