-- Which workflows got slower or faster for good, and on which day?
--   psql "$DATABASE_URL" -v repository_id=1 -v since=2026-01-01 -v until=2026-02-01 \
--     -f sql/report/duration_shifts.sql
select
  workflow_id,
  workflow,
  branch_class,
  changed_on,
  before_seconds,
  after_seconds,
  change_percent,
  before_runs,
  after_runs
from duration_shifts
where repository_id = :'repository_id'::bigint
  and changed_on >= (:'since'::timestamptz at time zone 'UTC')::date
  and changed_on < :'until'::timestamptz at time zone 'UTC'
order by
  changed_on desc,
  workflow,
  workflow_id,
  branch_class;
