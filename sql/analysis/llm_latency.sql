-- How long do LLM calls take?
-- Over the last 30 days, in seconds. Only rows that stand for one request and have a duration: a
-- log that tells of whole sessions says nothing of a call's latency. Failed calls are left out.
--   psql "$DATABASE_URL" -f sql/analysis/llm_latency.sql
select
  coalesce(price_model, model) as model,
  count(*) as calls,
  round((percentile_cont(0.5) within group (order by latency_ms) / 1000)::numeric, 2)
    as p50_seconds,
  round((percentile_cont(0.95) within group (order by latency_ms) / 1000)::numeric, 2)
    as p95_seconds,
  round((percentile_cont(0.99) within group (order by latency_ms) / 1000)::numeric, 2)
    as p99_seconds,
  round(1000.0 * sum(output_tokens) / nullif(sum(latency_ms), 0), 1) as output_tokens_per_second
from llm_calls_priced
where timestamp >= now() - interval '30 days'
  and latency_ms is not null
  and success is not false
group by coalesce(price_model, model)
order by
  calls desc,
  model;
