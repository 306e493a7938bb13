-- What the runs of each day came to at their first attempt.
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/outcomes.sql
select
  day,
  count(*) filter (where is_success) as succeeded,
  count(*) filter (where is_red) as failed,
  count(*) filter (where not is_decided) as other
from attempts
where repository_id = :'repository_id'::bigint
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
  and is_first_attempt
group by day
order by day;
