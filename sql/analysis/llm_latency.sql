-- How long do LLM calls take?
-- Over the last 30 days, in seconds. Only rows that stand for one request and have a duration: a
-- log that tells of whole sessions says nothing of a call's latency. Failed calls are left out.
-- p95 is empty under 20 calls, p99 under 100, where they would be little more than the longest one.
--   psql "$DATABASE_URL" -f sql/analysis/llm_latency.sql
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
where timestamp >= now() - interval '30 days'
  and latency_ms is not null
  and success is not false
group by coalesce(price_model, model)
order by
  calls desc,
  model;
