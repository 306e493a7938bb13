-- The cost of an LLM call lies between its lower and its upper bound.
-- A price list whose regional price is below its general one breaks that. A row is a call whose
-- cost is negative or out of bounds.
--   psql "$DATABASE_URL" -f sql/checks/llm_costs_lie_within_their_bounds.sql
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
  source,
  call_id,
  timestamp,
  model,
  cost_low,
  cost,
  cost_high
from llm_calls_priced
cross join period
where timestamp >= period.since
  and timestamp < period.until
  and not (0 <= cost_low and cost_low <= cost and cost <= cost_high)
order by
  timestamp,
  source,
  call_id
limit (select period.top from period);
