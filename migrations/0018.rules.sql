-- Refuses rows that can never be true, so that no fault of ours or of a hand reaches a report.
-- GitHub's statuses, its conclusions and the order of its clocks are left as they come.
-- Rows that are there already are not read here: 0019 does that, and names those that break a rule.
-- depends: 0017.runner-labels

alter table workflow_runs
  drop constraint if exists workflow_runs_attempts_count_from_1,
  drop constraint if exists workflow_runs_durations_are_not_negative,
  add constraint workflow_runs_attempts_count_from_1
    check (run_attempt >= 1) not valid,
  add constraint workflow_runs_durations_are_not_negative
    check (duration_seconds >= 0) not valid;

comment on constraint workflow_runs_attempts_count_from_1 on workflow_runs is
  'Attempts count from 1.';
comment on constraint workflow_runs_durations_are_not_negative on workflow_runs is
  'No attempt lasts less than 0 seconds.';

alter table open_runs
  drop constraint if exists open_runs_attempts_count_from_1,
  add constraint open_runs_attempts_count_from_1
    check (run_attempt >= 1) not valid;

comment on constraint open_runs_attempts_count_from_1 on open_runs is
  'Attempts count from 1.';

alter table missing_attempts
  drop constraint if exists missing_attempts_attempts_count_from_1,
  add constraint missing_attempts_attempts_count_from_1
    check (run_attempt >= 1) not valid;

comment on constraint missing_attempts_attempts_count_from_1 on missing_attempts is
  'Attempts count from 1.';

alter table windows
  drop constraint if exists windows_counts_are_not_negative,
  add constraint windows_counts_are_not_negative
    check (reported >= 0 and seen >= 0) not valid;

comment on constraint windows_counts_are_not_negative on windows is
  'No list has fewer than 0 runs.';

alter table ingestions
  drop constraint if exists ingestions_outcomes_are_known,
  drop constraint if exists ingestions_counts_are_not_negative,
  add constraint ingestions_outcomes_are_known
    check (outcome in ('running', 'complete', 'incomplete', 'interrupted', 'failed')) not valid,
  add constraint ingestions_counts_are_not_negative check (
    fetched >= 0
    and inserted >= 0
    and updated >= 0
    and unchanged >= 0
    and not_completed >= 0
    and unreadable >= 0
    and cut >= 0
    and requests >= 0
    and not_modified >= 0
  ) not valid;

comment on constraint ingestions_outcomes_are_known on ingestions is
  'An ingest of ours ends in one of these ways.';
comment on constraint ingestions_counts_are_not_negative on ingestions is
  'An ingest counts from 0.';

alter table llm_ingestions
  drop constraint if exists llm_ingestions_counts_are_not_negative,
  add constraint llm_ingestions_counts_are_not_negative check (
    files >= 0
    and inserted >= 0
    and updated >= 0
    and unchanged >= 0
    and cut >= 0
    and clashing >= 0
    and rejected_files >= 0
    and rejected_lines >= 0
  ) not valid;

comment on constraint llm_ingestions_counts_are_not_negative on llm_ingestions is
  'An ingest counts from 0.';

alter table llm_calls
  drop constraint if exists llm_calls_tokens_are_not_negative,
  drop constraint if exists llm_calls_cached_tokens_are_within_input,
  drop constraint if exists llm_calls_kept_tokens_are_within_written,
  drop constraint if exists llm_calls_reasoning_is_within_output,
  drop constraint if exists llm_calls_costs_are_not_negative,
  drop constraint if exists llm_calls_durations_are_not_negative,
  drop constraint if exists llm_calls_api_calls_are_not_negative,
  drop constraint if exists llm_calls_attempts_count_from_1,
  add constraint llm_calls_tokens_are_not_negative check (
    input_tokens >= 0
    and output_tokens >= 0
    and cache_read_tokens >= 0
    and cache_write_tokens >= 0
    and cache_write_1h_tokens >= 0
    and reasoning_tokens >= 0
  ) not valid,
  add constraint llm_calls_cached_tokens_are_within_input
    check (coalesce(cache_read_tokens, 0) <= input_tokens - coalesce(cache_write_tokens, 0))
    not valid,
  add constraint llm_calls_kept_tokens_are_within_written
    check (cache_write_1h_tokens <= coalesce(cache_write_tokens, 0)) not valid,
  add constraint llm_calls_reasoning_is_within_output
    check (reasoning_tokens <= output_tokens) not valid,
  add constraint llm_calls_costs_are_not_negative
    check (estimated_cost >= 0) not valid,
  add constraint llm_calls_durations_are_not_negative
    check (duration_ms >= 0) not valid,
  add constraint llm_calls_api_calls_are_not_negative
    check (api_calls >= 0) not valid,
  add constraint llm_calls_attempts_count_from_1
    check (github_run_attempt >= 1) not valid;

comment on constraint llm_calls_tokens_are_not_negative on llm_calls is
  'No call has fewer than 0 tokens of a kind.';
comment on constraint llm_calls_cached_tokens_are_within_input on llm_calls is
  'The input includes the tokens read from the cache and those written to it.';
comment on constraint llm_calls_kept_tokens_are_within_written on llm_calls is
  'The cache writes include those kept for an hour.';
comment on constraint llm_calls_reasoning_is_within_output on llm_calls is
  'The output includes the reasoning.';
comment on constraint llm_calls_costs_are_not_negative on llm_calls is
  'No call costs less than 0 dollars.';
comment on constraint llm_calls_durations_are_not_negative on llm_calls is
  'No call lasts less than 0 milliseconds.';
comment on constraint llm_calls_api_calls_are_not_negative on llm_calls is
  'No row stands for fewer than 0 calls.';
comment on constraint llm_calls_attempts_count_from_1 on llm_calls is
  'Attempts count from 1.';

alter table llm_prices
  drop constraint if exists llm_prices_prices_are_not_negative,
  add constraint llm_prices_prices_are_not_negative check (
    input_per_mtok >= 0
    and output_per_mtok >= 0
    and cache_read_per_mtok >= 0
    and cache_write_per_mtok >= 0
    and cache_write_1h_per_mtok >= 0
  ) not valid;

comment on constraint llm_prices_prices_are_not_negative on llm_prices is
  'No token costs less than 0 dollars.';

alter table runner_prices
  drop constraint if exists runner_prices_prices_are_not_negative,
  add constraint runner_prices_prices_are_not_negative
    check (usd_per_minute >= 0) not valid;

comment on constraint runner_prices_prices_are_not_negative on runner_prices is
  'No minute costs less than 0 dollars.';
