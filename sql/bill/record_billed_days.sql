-- Record that a usage report covers these days.
--   psql "$DATABASE_URL" -f sql/bill/record_billed_days.sql \
--     -v owners='{acme}' -v usage_dates='{2026-10-01}' -v source='detailed report' \
--     -v has_workflows=true -v loaded_at=2026-11-01T08:00:00Z
insert into billed_days (
  owner, usage_date, source, has_workflows, loaded_at
)
select
  days.owner,
  days.usage_date,
  :'source'::text,
  :'has_workflows'::boolean,
  :'loaded_at'::timestamptz
from unnest(:'owners'::text[], :'usage_dates'::date[]) as days (owner, usage_date)
on conflict (owner, usage_date) do update set
  source = excluded.source,
  has_workflows = excluded.has_workflows,
  loaded_at = excluded.loaded_at;
