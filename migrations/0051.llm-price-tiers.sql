-- Prices that depend on how a call was served: its tier, its length, its region, the hour, how long a cache keeps.
-- depends: 0050.llm-price-conditions

alter table llm_prices
  add column if not exists tier text not null default 'standard',
  add column if not exists above_input_tokens bigint not null default 0,
  add column if not exists cache_write_12h_per_mtok numeric,
  add column if not exists web_search_per_thousand numeric,
  add column if not exists regional_factor numeric,
  add column if not exists peak_factor numeric,
  add column if not exists peak_hours integer[],
  add column if not exists peak_weekdays integer[],
  add column if not exists checked_on date,
  add column if not exists is_shipped boolean not null default false;

-- Some prices change in the middle of a day. Counted in seconds, a day begins at midnight in UTC.
alter table llm_prices
  alter column effective_from type timestamptz
    using to_timestamp(extract(epoch from effective_from));

alter table llm_prices
  drop constraint if exists llm_prices_pkey;

alter table llm_prices
  add constraint llm_prices_pkey
    primary key (model, effective_from, provider, tier, above_input_tokens);

-- The shipped list comes back whole with the next ingest; a rise in it was cancelled since.
delete from llm_prices
where source like 'pydantic/genai-prices 47df840 %'
  or source like 'litellm 1.109.1 %';

comment on table llm_prices is
  'One row per model, provider, day, tier and length of prompt, with what a call cost from then on. The rows of one model, provider and effective_from are its whole price, which holds until the next one. Filled from CSV files by each ingest of LLM calls; rows of the user that no file has stay.';
comment on column llm_prices.effective_from is
  'When this price began; it holds until the next one of the model and provider.';
comment on column llm_prices.tier is
  'How the call was served, as llm_calls.service_tier names it: standard, batch, flex, priority, fast …';
comment on column llm_prices.above_input_tokens is
  'The price is that of calls whose whole prompt is longer than this, up to the next row of the tier.';
comment on column llm_prices.cache_write_12h_per_mtok is
  'US dollars for a million tokens written to a cache for twelve hours. NULL: as other cache writes.';
comment on column llm_prices.web_search_per_thousand is
  'US dollars for a thousand web searches. NULL: not known.';
comment on column llm_prices.regional_factor is
  'Multiplies the price of tokens that are processed in a named region. NULL: regions cost the same.';
comment on column llm_prices.peak_factor is
  'Multiplies the price of tokens in peak hours. NULL: all hours cost the same.';
comment on column llm_prices.peak_hours is
  'The hours of a day in UTC that are peak, each by the hour it begins with: 1 is 01:00 to 02:00.';
comment on column llm_prices.peak_weekdays is
  'The days of a week in UTC that have peak hours: 1 is Monday, 7 is Sunday.';
comment on column llm_prices.checked_on is
  'The day on which somebody last compared the price with a published list. NULL: not known.';
comment on column llm_prices.is_shipped is
  'True for a row of sql/prices/llm_prices.csv; it goes when that file no longer has it.';
