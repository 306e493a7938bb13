-- Which LLM calls fail, how often, and why?
-- By model and class of error. A log's row of several calls, such as a whole session, is one call
-- here and fails once. failed_percent is the share of all calls of the model.
--   psql "$DATABASE_URL" -f sql/analysis/llm_errors.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
classes as (
  select
    coalesce(price_model, model) as model,
    error_class,
    count(*) as calls,
    sum(count(*)) over (partition by coalesce(price_model, model)) as model_calls,
    max(timestamp) as last_at,
    max(left(error_message, 80)) as example
  from llm_calls_priced
  cross join period
  where timestamp >= period.since
    and timestamp < period.until
    and (period.repository_ids is null or coalesce(repository_id, 0) = any(period.repository_ids))
  group by
    coalesce(price_model, model),
    error_class
)
select
  model,
  error_class,
  calls as failed,
  round(100 * calls / nullif(model_calls, 0), 4) as failed_percent,
  last_at,
  example
from classes
where error_class is not null
order by
  failed desc,
  model,
  error_class
limit (select period.top from period);
