-- How many LLM calls are stored, how many have no cost, and how the last ingest of logs went.
-- Without the calls of repositories that are no longer watched. The newest price is that in force;
-- a price list was checked on the day of its oldest check.
--   psql "$DATABASE_URL" -f sql/status/llm.sql
with calls as (
  select
    coalesce(sum(api_calls), 0) as calls,
    count(*) as stored_rows,
    max(timestamp) as newest_at,
    coalesce(sum(api_calls) filter (where cost is null), 0) as unpriced_calls,
    coalesce(sum(api_calls) filter (where cost is null and total_tokens > 0), 0)
      as unpriced_calls_with_tokens,
    count(distinct model) filter (where cost is null and total_tokens > 0) as unpriced_models,
    min(model) filter (where cost is null and total_tokens > 0) as unpriced_model,
    min(timestamp) filter (where cost is null and total_tokens > 0) as unpriced_since
  from llm_calls_priced
  where not exists (select 1 from repositories where forgotten_at is not null)
    -- Only then is the repository of each call looked up.
    or coalesce(repository_id, 0) <> all(
      array(select repository_id from repositories where forgotten_at is not null)
    )
),
prices as (
  select
    count(distinct model) as price_models,
    max(effective_from) filter (where effective_from <= now()) as newest_price_from,
    min(checked_on) as prices_checked_on,
    (now() at time zone 'UTC')::date - min(checked_on) as days_since_price_check
  from llm_prices
),
last_ingestions as (
  select
    started_at,
    finished_at,
    files,
    rejected_files,
    rejected_lines,
    clashing,
    first_rejected
  from llm_ingestions
  order by started_at desc
  limit 1
)
select
  calls.calls,
  calls.stored_rows,
  calls.newest_at,
  calls.unpriced_calls,
  calls.unpriced_calls_with_tokens,
  calls.unpriced_models,
  calls.unpriced_model,
  calls.unpriced_since,
  prices.price_models,
  prices.newest_price_from,
  prices.prices_checked_on,
  prices.days_since_price_check,
  last_ingestions.started_at as last_started_at,
  last_ingestions.finished_at as last_finished_at,
  last_ingestions.files as last_files,
  last_ingestions.rejected_files as last_rejected_files,
  last_ingestions.rejected_lines as last_rejected_lines,
  last_ingestions.clashing as last_clashing,
  last_ingestions.first_rejected as last_first_rejected
from calls
cross join prices
left join last_ingestions on true;
