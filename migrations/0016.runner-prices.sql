-- What runners cost by GitHub's list and since when, so that a job of last year keeps last year's price.
-- depends: 0015.llm-ingestions

create table if not exists runner_prices (
  sku text not null,
  effective_from date not null,
  usd_per_minute numeric not null,
  revision integer not null default 1,
  constraint runner_prices_pkey primary key (sku, effective_from)
);

comment on table runner_prices is
  'One row per list price of a kind of runner and day from which it held. Filled from CSV files by each ingest of workflow runs; rows that no file has stay.';
comment on column runner_prices.sku is
  'What GitHub bills: its name on the page "Actions runner pricing", without actions_. self_hosted: a runner of the user''s own.';
comment on column runner_prices.effective_from is
  'The first day, in UTC, on which this price held; it holds until the next one of the sku.';
comment on column runner_prices.usd_per_minute is
  'US dollars for a minute, before included minutes and before standard runners being free for public repositories.';
comment on column runner_prices.revision is
  '1 when inserted, one more with every change: tells inserted rows from updated ones.';
