-- Which LLM sessions cost the most?
-- The most expensive sessions come first. Cost is what the logs report (reported_usd), else the
-- list price, which is between cost_low_usd and cost_high_usd. Calls without a known cost are
-- counted as unpriced and not included. Calls without a session are left out. A log's row of
-- several calls counts as these, but fails once. minutes are from the first call to the end of the
-- last one, or to its beginning if the log has no duration; of a session that its log reports as a
-- whole, those of its calls together. They are NULL if they are not known, or round to 0. If a
-- session has several runs, github_run_id is the latest.
--   psql "$DATABASE_URL" -f sql/analysis/llm_cost_by_session.sql
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
  session_id,
  round(sum(cost), 4) as cost_usd,
  nullif(
    round(
      (
        max(extract(epoch from timestamp) + coalesce(duration_ms, 0) / 1000.0)
        - min(extract(epoch from timestamp))
      ) / 60,
      2
    ),
    0
  ) as minutes,
  sum(api_calls) as calls,
  count(*) filter (where success is false) as failed,
  string_agg(distinct phase, ', ') as phases,
  min(timestamp) as first_call_at,
  max(github_run_id) as github_run_id,
  sum(total_tokens)::bigint as total_tokens,
  round(sum(reported_cost), 4) as reported_usd,
  round(sum(cost_low), 4) as cost_low_usd,
  round(sum(cost_high), 4) as cost_high_usd,
  coalesce(sum(api_calls) filter (where cost is null), 0) as unpriced
from llm_calls_priced
cross join period
where timestamp >= period.since
  and timestamp < period.until
  and (period.repository_ids is null or coalesce(repository_id, 0) = any(period.repository_ids))
  and session_id <> ''
group by session_id
order by
  cost_usd desc nulls last,
  session_id
limit (select period.top from period);
