-- Where prices were read comes back from their files.
alter table runner_prices
  drop column if exists source;
