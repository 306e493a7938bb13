-- What do LLM calls cost by phase, in stored runs and outside of them?
-- Cost is what the logs report (reported_usd), else the list price, which is between cost_low_usd
-- and cost_high_usd. Calls without a known cost are counted as unpriced and not included. A log's
-- row of several calls counts as these, but fails once. is_of_a_run is false for calls of no run or
-- of a run that is not stored; all of these are shown for every repository, because their
-- repository is not known. p50_seconds is as in llm_latency.
--   psql "$DATABASE_URL" -f sql/analysis/llm_phases.sql
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
  repository_names.repository,
  calls.phase,
  calls.repository_id is not null as is_of_a_run,
  sum(api_calls)::bigint as calls,
  count(*) filter (where success is false) as failed,
  round(sum(cost), 6) as cost_usd,
  round(sum(reported_cost), 6) as reported_usd,
  round(sum(cost_low), 6) as cost_low_usd,
  round(sum(cost_high), 6) as cost_high_usd,
  coalesce(sum(api_calls) filter (where cost is null), 0) as unpriced,
  count(distinct github_run_id) as runs,
  round(
    (
      percentile_cont(0.5) within group (order by latency_ms) filter (where success is not false)
      / 1000
    )::numeric,
    1
  ) as p50_seconds,
  max(timestamp) as newest_at,
  calls.repository_id
from llm_calls_priced as calls
cross join period
left join repository_names using (repository_id)
where timestamp >= period.since
  and timestamp < period.until
  and (
    period.repository_ids is null
    or calls.repository_id = any(period.repository_ids)
    or calls.repository_id is null
  )
group by
  calls.repository_id,
  repository_names.repository,
  calls.phase
order by
  is_of_a_run desc,
  cost_usd desc nulls last,
  calls desc,
  repository_names.repository,
  calls.repository_id,
  calls.phase
limit (select period.top from period);
