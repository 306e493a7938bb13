-- Every LLM call is one row of the view llm_calls_priced, with a cost or a reason for none.
-- Prices whose days or lengths of prompt overlap would count a call twice. A row is a day on which
-- the calls or their tokens differ from those of the view, or on which a call has neither cost nor
-- reason.
--   psql "$DATABASE_URL" -f sql/checks/every_llm_call_has_one_cost.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
stored as (
  select
    (timestamp at time zone 'UTC')::date as day,
    count(*) as calls,
    coalesce(sum(total_tokens), 0) as tokens
  from llm_calls
  cross join period
  where timestamp >= period.since
    and timestamp < period.until
  group by (timestamp at time zone 'UTC')::date
),
priced as (
  select
    day,
    count(*) as calls,
    coalesce(sum(total_tokens), 0) as tokens,
    count(*) filter (where cost is not null) as with_cost,
    count(*) filter (where unpriced_because is not null) as without_cost
  from llm_calls_priced
  cross join period
  where timestamp >= period.since
    and timestamp < period.until
  group by day
)
select
  stored.day,
  stored.calls,
  priced.calls as rows_of_cost,
  stored.tokens,
  priced.tokens as tokens_of_cost,
  priced.with_cost,
  priced.without_cost
from stored
left join priced using (day)
where (stored.calls, stored.tokens) is distinct from (priced.calls, priced.tokens)
  or priced.calls <> priced.with_cost + priced.without_cost
order by stored.day
limit (select period.top from period);
