-- Refuses impossible values in the columns that LLM tables have had since 0018.
-- Rows that are there already are not read here: 0091 does that, and names those that break a rule.
-- depends: 0061.plainer-comments 0051.llm-price-tiers 0055.llm-ingestion-notes

alter table llm_calls
  drop constraint if exists llm_calls_kept_tokens_are_within_written_in_all,
  drop constraint if exists llm_calls_searches_are_not_negative,
  drop constraint if exists llm_calls_reported_costs_are_not_negative,
  add constraint llm_calls_kept_tokens_are_within_written_in_all check (
    cache_write_12h_tokens >= 0
    and coalesce(cache_write_1h_tokens, 0) + cache_write_12h_tokens
      <= coalesce(cache_write_tokens, 0)
  ) not valid,
  add constraint llm_calls_searches_are_not_negative
    check (web_search_requests >= 0) not valid,
  add constraint llm_calls_reported_costs_are_not_negative
    check (reported_cost >= 0 and reported_cost <> 'NaN') not valid;

comment on constraint llm_calls_kept_tokens_are_within_written_in_all on llm_calls is
  'The cache writes include those kept for an hour and those kept for twelve.';
comment on constraint llm_calls_searches_are_not_negative on llm_calls is
  'No call searches fewer than 0 times.';
comment on constraint llm_calls_reported_costs_are_not_negative on llm_calls is
  'No call costs less than 0 dollars.';

alter table llm_ingestions
  drop constraint if exists llm_ingestions_left_out_is_not_negative,
  add constraint llm_ingestions_left_out_is_not_negative
    check (left_out >= 0) not valid;

comment on constraint llm_ingestions_left_out_is_not_negative on llm_ingestions is
  'An ingest counts from 0.';

alter table llm_prices
  drop constraint if exists llm_prices_conditions_are_possible,
  drop constraint if exists llm_prices_other_prices_are_not_negative,
  add constraint llm_prices_conditions_are_possible check (
    above_input_tokens >= 0
    and regional_factor > 0
    and peak_factor > 0
    and 0 <= all (peak_hours)
    and 23 >= all (peak_hours)
    and 1 <= all (peak_weekdays)
    and 7 >= all (peak_weekdays)
  ) not valid,
  add constraint llm_prices_other_prices_are_not_negative check (
    cache_write_12h_per_mtok >= 0
    and web_search_per_thousand >= 0
  ) not valid;

comment on constraint llm_prices_conditions_are_possible on llm_prices is
  'Lengths count from 0, factors are above 0, hours are 0 to 23 and weekdays 1 to 7.';
comment on constraint llm_prices_other_prices_are_not_negative on llm_prices is
  'No token and no search costs less than 0 dollars.';
