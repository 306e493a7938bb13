-- How long do LLM calls take?
-- In seconds. Only rows for a single request with a duration, because a log of whole sessions has
-- no latency of a call. Failed calls are left out. p95 needs 20 calls and p99 needs 100; with fewer
-- they would be little more than the longest call.
--   psql "$DATABASE_URL" -f sql/analysis/llm_latency.sql
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
  coalesce(price_model, model) as model,
  count(*) as calls,
  round((percentile_cont(0.5) within group (order by latency_ms) / 1000)::numeric, 2)
    as p50_seconds,
  case
    when count(*) >= 20
      then round((percentile_cont(0.95) within group (order by latency_ms) / 1000)::numeric, 2)
  end as p95_seconds,
  case
    when count(*) >= 100
      then round((percentile_cont(0.99) within group (order by latency_ms) / 1000)::numeric, 2)
  end as p99_seconds,
  round(
    1000.0 * sum(output_tokens)
    / nullif(sum(latency_ms) filter (where output_tokens is not null), 0),
    1
  ) as output_tokens_per_second
from llm_calls_priced
cross join period
where timestamp >= period.since
  and timestamp < period.until
  and (period.repository_ids is null or coalesce(repository_id, 0) = any(period.repository_ids))
  and latency_ms is not null
  and success is not false
group by coalesce(price_model, model)
order by
  calls desc,
  model
limit (select period.top from period);
