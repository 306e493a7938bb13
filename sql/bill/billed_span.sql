-- The first and the last day that a usage report covers.
--   psql "$DATABASE_URL" -f sql/bill/billed_span.sql
select
  min(usage_date) as first_day,
  max(usage_date) as last_day
from billed_days;
