-- Takes away the rules; the rows stay.
alter table if exists llm_prices
  drop constraint if exists llm_prices_other_prices_are_not_negative,
  drop constraint if exists llm_prices_conditions_are_possible;
alter table if exists llm_ingestions
  drop constraint if exists llm_ingestions_left_out_is_not_negative;
alter table if exists llm_calls
  drop constraint if exists llm_calls_reported_costs_are_not_negative,
  drop constraint if exists llm_calls_searches_are_not_negative,
  drop constraint if exists llm_calls_kept_tokens_are_within_written_in_all;
