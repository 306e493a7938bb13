-- One price per model and day stays: that of short prompts in the standard tier.
delete from llm_prices
where tier <> 'standard'
  or above_input_tokens > 0
  or effective_from <> date_trunc('day', effective_from, 'UTC');

alter table llm_prices
  drop constraint if exists llm_prices_pkey;

alter table llm_prices
  alter column effective_from type date
    using (effective_from at time zone 'UTC')::date;

alter table llm_prices
  drop column if exists tier,
  drop column if exists above_input_tokens,
  drop column if exists cache_write_12h_per_mtok,
  drop column if exists web_search_per_thousand,
  drop column if exists regional_factor,
  drop column if exists peak_factor,
  drop column if exists peak_hours,
  drop column if exists peak_weekdays,
  drop column if exists checked_on,
  drop column if exists is_shipped;

alter table llm_prices
  add constraint llm_prices_pkey primary key (model, effective_from, provider);
