-- In which hours of the week do runs start?
-- Hours and days are UTC; Monday is 1.
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/busy_hours.sql
select
  extract(isodow from created_at at time zone 'UTC')::integer as weekday,
  extract(hour from created_at at time zone 'UTC')::integer as hour,
  count(*) as runs
from attempts
where repository_id = :'repository_id'::bigint
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and is_first_attempt
group by
  weekday,
  hour
order by
  weekday,
  hour;
