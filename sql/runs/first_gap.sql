-- The start of the oldest gap after a repository's first complete window, or its last window's end.
--   psql "$DATABASE_URL" -f sql/runs/first_gap.sql -v repository_id=7
select min(gap_from) as gap_from
from unlisted_intervals
where repository_id = :'repository_id'::bigint
  and not is_unlistable
  and gap_from > '-infinity'::timestamptz;
