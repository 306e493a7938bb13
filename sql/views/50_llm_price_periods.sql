-- The list price for each model, tier and length of prompt, and its period.
-- The factors bound the price if a log has no tier or length: the smallest and the largest ratio of
-- a part of another price to the same part of this one.
create view llm_price_periods as
with prices as (
  select
    model,
    provider,
    tier,
    above_input_tokens,
    lead(above_input_tokens) over (
      partition by model, provider, effective_from, tier
      order by above_input_tokens
    ) as until_input_tokens,
    effective_from as began_at,
    min(effective_from) over (
      partition by model, provider
      order by effective_from
      groups between 1 following and 1 following
    ) as ended_at,
    input_per_mtok,
    output_per_mtok,
    coalesce(cache_read_per_mtok, input_per_mtok) as cache_read_per_mtok,
    coalesce(cache_write_per_mtok, input_per_mtok) as cache_write_per_mtok,
    coalesce(cache_write_1h_per_mtok, cache_write_per_mtok, input_per_mtok)
      as cache_write_1h_per_mtok,
    coalesce(cache_write_12h_per_mtok, cache_write_per_mtok, input_per_mtok)
      as cache_write_12h_per_mtok,
    web_search_per_thousand,
    coalesce(regional_factor, 1) as regional_factor,
    coalesce(peak_factor, 1) as peak_factor,
    coalesce(peak_hours, '{}') as peak_hours,
    coalesce(peak_weekdays, '{1,2,3,4,5,6,7}') as peak_weekdays
  from llm_prices
),
-- A price with each other price of its model and day: the same tier in another length, or another
-- tier in the same length. Once, also where the planner expects to join it with a single call.
factors as materialized (
  select
    prices.model,
    prices.provider,
    prices.tier,
    prices.above_input_tokens,
    prices.began_at,
    greatest(max(ratio) filter (where others.tier = prices.tier), 1) as dearest_length_factor,
    least(min(ratio) filter (where others.tier not in (prices.tier, 'batch')), 1)
      as cheapest_live_tier_factor,
    least(min(ratio) filter (where others.tier <> prices.tier), 1) as cheapest_tier_factor,
    greatest(max(ratio) filter (where others.tier <> prices.tier), 1) as dearest_tier_factor
  from prices
  join prices as others
    on others.model = prices.model
    and others.provider = prices.provider
    and others.began_at = prices.began_at
    and (
      others.tier = prices.tier
      or (
        others.above_input_tokens <= prices.above_input_tokens
        and (
          others.until_input_tokens > prices.above_input_tokens
          or others.until_input_tokens is null
        )
      )
    )
  cross join lateral (
    values
      (others.input_per_mtok / nullif(prices.input_per_mtok, 0)),
      (others.output_per_mtok / nullif(prices.output_per_mtok, 0)),
      (others.cache_read_per_mtok / nullif(prices.cache_read_per_mtok, 0)),
      (others.cache_write_per_mtok / nullif(prices.cache_write_per_mtok, 0)),
      (others.cache_write_1h_per_mtok / nullif(prices.cache_write_1h_per_mtok, 0)),
      (others.cache_write_12h_per_mtok / nullif(prices.cache_write_12h_per_mtok, 0))
  ) as ratios (ratio)
  group by
    prices.model,
    prices.provider,
    prices.tier,
    prices.above_input_tokens,
    prices.began_at
)
select
  prices.model,
  prices.provider,
  prices.tier,
  prices.above_input_tokens,
  prices.until_input_tokens,
  prices.began_at,
  prices.ended_at,
  prices.input_per_mtok,
  prices.output_per_mtok,
  prices.cache_read_per_mtok,
  prices.cache_write_per_mtok,
  prices.cache_write_1h_per_mtok,
  prices.cache_write_12h_per_mtok,
  prices.web_search_per_thousand,
  prices.regional_factor,
  prices.peak_factor,
  prices.peak_hours,
  prices.peak_weekdays,
  factors.dearest_length_factor,
  factors.cheapest_live_tier_factor,
  factors.cheapest_tier_factor,
  factors.dearest_tier_factor
from prices
-- Every price has factors. An inner join is planned as if one price had, and then every call is
-- compared with every price.
left join factors using (model, provider, tier, above_input_tokens, began_at);

comment on view llm_price_periods is
  'One row per price in llm_prices, with its end, its longest prompt, and the ratios of the prices of other lengths and tiers to it.';
comment on column llm_price_periods.until_input_tokens is
  'The longest prompt that has this price. NULL: no limit.';
comment on column llm_price_periods.began_at is
  'llm_prices.effective_from.';
comment on column llm_price_periods.ended_at is
  'When the next price of the model and provider began. NULL: it still holds.';
comment on column llm_price_periods.cache_read_per_mtok is
  'As in llm_prices; if NULL there, the price of input. The same holds for cache writes.';
comment on column llm_price_periods.regional_factor is
  'As in llm_prices; if NULL there, 1. The same holds for peak_factor.';
comment on column llm_price_periods.dearest_length_factor is
  'At least 1: no part costs more than this multiple of its price here, at any length of the prompt.';
comment on column llm_price_periods.cheapest_live_tier_factor is
  'As cheapest_tier_factor, batches left out.';
comment on column llm_price_periods.cheapest_tier_factor is
  'At most 1: no part costs less than this share of its price here in any other tier.';
comment on column llm_price_periods.dearest_tier_factor is
  'At least 1: no part costs more than this multiple of its price here in any other tier.';
comment on column llm_price_periods.model is
  'As in llm_prices.';
comment on column llm_price_periods.provider is
  'The provider that serves the model; empty: any provider.';
comment on column llm_price_periods.cache_write_per_mtok is
  'US dollars for a million tokens written to a cache.';
comment on column llm_price_periods.cache_write_1h_per_mtok is
  'US dollars for a million tokens written to a cache for an hour.';
comment on column llm_price_periods.cache_write_12h_per_mtok is
  'US dollars for a million tokens written to a cache for twelve hours.';
comment on column llm_price_periods.peak_factor is
  'Multiplies the price of tokens in peak hours; 1 where all hours cost the same.';
comment on column llm_price_periods.peak_hours is
  'The hours of a day in UTC that are peak, each by the hour it begins with; empty: none.';
