-- What did calls of language models cost, by phase, in runs of the repository and in no known run?
-- A run's calls lie within the 35 days that a run may last.
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/llm_phases.sql
with runs as (
  select
    github_run_id,
    repository_id
  from attempts
  where created_at >= :'since'::timestamptz - interval '35 days'
    and created_at < :'until'::timestamptz
    and is_latest_attempt
)
select
  llm_calls_priced.phase,
  runs.github_run_id is not null as is_of_a_run,
  sum(llm_calls_priced.api_calls)::bigint as calls,
  sum(llm_calls_priced.cost) as cost_usd,
  count(*) filter (where llm_calls_priced.cost is null) as unpriced,
  count(*) filter (where not llm_calls_priced.success) as failed,
  count(distinct llm_calls_priced.github_run_id) as runs,
  round(
    percentile_cont(0.5) within group (order by llm_calls_priced.latency_ms)::numeric / 1000, 1
  ) as p50_seconds,
  max(llm_calls_priced.timestamp) as newest_at
from llm_calls_priced
left join runs using (github_run_id)
where llm_calls_priced.timestamp >= :'since'::timestamptz
  and llm_calls_priced.timestamp < :'until'::timestamptz
  and (runs.repository_id = :'repository_id'::bigint or runs.github_run_id is null)
group by
  llm_calls_priced.phase,
  runs.github_run_id is not null
order by
  is_of_a_run desc,
  cost_usd desc nulls last,
  calls desc,
  llm_calls_priced.phase;
