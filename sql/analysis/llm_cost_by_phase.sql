-- What do LLM calls cost, by phase, by prompt and by model?
-- Each call is in one row of each kind, so the shares of a kind add up to 100. Cost is what the
-- logs report (reported_usd), else the list price, which is between cost_low_usd and cost_high_usd.
-- Calls without a known cost are counted as unpriced and not included. A log's row of several calls
-- counts as these, but fails once.
--   psql "$DATABASE_URL" -f sql/analysis/llm_cost_by_phase.sql
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
  kinds.kind,
  kinds.name,
  round(sum(cost), 4) as cost_usd,
  round(
    100 * sum(cost) / nullif(sum(sum(cost)) over (partition by kinds.kind), 0),
    4
  ) as cost_percent,
  sum(api_calls) as calls,
  count(*) filter (where success is false) as failed,
  sum(input_tokens)::bigint as input_tokens,
  sum(output_tokens)::bigint as output_tokens,
  round(sum(reported_cost), 4) as reported_usd,
  round(sum(cost_low), 4) as cost_low_usd,
  round(sum(cost_high), 4) as cost_high_usd,
  coalesce(sum(api_calls) filter (where cost is null), 0) as unpriced
from llm_calls_priced
cross join lateral (
  values
    ('phase', phase),
    ('prompt', nullif(prompt_name, '')),
    ('model', coalesce(price_model, model))
) as kinds (kind, name)
cross join period
where timestamp >= period.since
  and timestamp < period.until
  and (period.repository_ids is null or coalesce(repository_id, 0) = any(period.repository_ids))
group by
  kinds.kind,
  kinds.name
order by
  kinds.kind,
  cost_usd desc nulls last,
  calls desc,
  kinds.name;
