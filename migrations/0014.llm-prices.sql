-- What models cost by their vendors' lists and since when, so that a call of last year keeps last year's price.
-- depends: 0013.llm-precedence

create table if not exists llm_prices (
  model text not null,
  effective_from date not null,
  input_per_mtok numeric not null,
  output_per_mtok numeric not null,
  cache_read_per_mtok numeric,
  cache_write_per_mtok numeric,
  cache_write_1h_per_mtok numeric,
  provider text not null default '',
  source text,
  revision integer not null default 1,
  constraint llm_prices_pkey primary key (model, effective_from, provider)
);

comment on table llm_prices is
  'One row per list price of a model and day from which it held. Filled from CSV files by each ingest of LLM calls; rows that no file has stay.';
comment on column llm_prices.model is
  'The model''s id, in lower case, or what is left of it without provider, version and date.';
comment on column llm_prices.effective_from is
  'The first day, in UTC, on which this price held; it holds until the next one of the model.';
comment on column llm_prices.input_per_mtok is
  'US dollars for a million tokens of input that neither came from a cache nor went into one.';
comment on column llm_prices.output_per_mtok is
  'US dollars for a million tokens of output.';
comment on column llm_prices.cache_read_per_mtok is
  'US dollars for a million tokens read from a cache. NULL: as input.';
comment on column llm_prices.cache_write_per_mtok is
  'US dollars for a million tokens written to a cache. NULL: as input.';
comment on column llm_prices.cache_write_1h_per_mtok is
  'US dollars for a million tokens written to a cache for an hour. NULL: as other cache writes.';
comment on column llm_prices.provider is
  'Who serves the model, in lower case; empty: whoever does.';
comment on column llm_prices.source is
  'Where the price was read, and when.';
comment on column llm_prices.revision is
  '1 when inserted, one more with every change: tells inserted rows from updated ones.';
