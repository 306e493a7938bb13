-- Intervals of a repository that are wanted and not yet listed, newest first.
--   psql "$DATABASE_URL" -f sql/runs/missing_intervals.sql \
--     -v repository_id=7 -v wanted_from=2026-01-01T00:00:00Z -v wanted_to=2026-02-01T00:00:00Z
select
  greatest(gap_from, :'wanted_from'::timestamptz) as gap_from,
  least(gap_to, :'wanted_to'::timestamptz) as gap_to
from unlisted_intervals
where repository_id = :'repository_id'::bigint
  and not is_unlistable
  and gap_to > :'wanted_from'::timestamptz
  and gap_from < :'wanted_to'::timestamptz
order by gap_to desc;
