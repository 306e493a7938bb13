-- Which LLM calls fail, how often, and why?
-- Over the last 30 days, by model and class of error; failed_percent is of all calls of the model.
-- A session that its log tells of as a whole is one call here, and fails once.
--   psql "$DATABASE_URL" -f sql/analysis/llm_errors.sql
with classes as (
  select
    model,
    error_class,
    count(*) as calls,
    max(timestamp) as last_at,
    max(left(error_message, 80)) as example
  from llm_calls_priced
  where timestamp >= now() - interval '30 days'
  group by
    model,
    error_class
),
shares as (
  select
    model,
    error_class,
    calls,
    sum(calls) over (partition by model) as model_calls,
    last_at,
    example
  from classes
)
select
  model,
  error_class,
  calls as failed,
  round(100 * calls / nullif(model_calls, 0), 1) as failed_percent,
  last_at,
  example
from shares
where error_class is not null
order by
  failed desc,
  model,
  error_class;
