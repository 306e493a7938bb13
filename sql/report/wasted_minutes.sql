-- How many minutes of runners went into what was thrown away, and why?
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/wasted_minutes.sql
select
  reason,
  count(*) as jobs,
  round(sum(duration_seconds) / 60.0, 1) as minutes
from wasted_jobs
where repository_id = :'repository_id'::bigint
  and created_at >= :'since'::timestamptz
  and created_at < :'until'::timestamptz
group by reason
order by
  minutes desc,
  reason;
