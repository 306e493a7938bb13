-- Delete what an older usage report says of these days, before a newer one is stored.
--   psql "$DATABASE_URL" -f sql/bill/clear_billed_usage.sql \
--     -v owners='{acme}' -v usage_dates='{2026-10-01}'
delete from billed_usage
where (owner, usage_date) in (
  select
    owner,
    usage_date
  from unnest(:'owners'::text[], :'usage_dates'::date[]) as days (owner, usage_date)
);
