-- Where the price of a runner was read, so that a price that no page names is told as such.
-- depends: 0052.llm-sessions

alter table runner_prices
  add column if not exists source text;

comment on column runner_prices.source is
  'Where the price was read. NULL: no page of GitHub''s that names it is known.';
