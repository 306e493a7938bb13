-- Accounts other than these with days of usage loaded in a span, both days included.
--   psql "$DATABASE_URL" -f sql/bill/other_owners.sql \
--     -v owners='{acme}' -v first_day=2026-10-01 -v last_day=2026-10-31
select distinct owner
from billed_days
where usage_date between :'first_day'::date and :'last_day'::date
  and owner <> all(:'owners'::text[])
order by owner;
