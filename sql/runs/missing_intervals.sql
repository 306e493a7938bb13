-- What is wanted of a repository and not listed completely yet, newest first.
--   psql "$DATABASE_URL" -f sql/runs/missing_intervals.sql \
--     -v repository_id=7 -v wanted_from=2026-01-01T00:00:00Z -v wanted_to=2026-02-01T00:00:00Z
with complete as (
  select
    created_from,
    created_to
  from windows
  where repository_id = :'repository_id'::bigint
    and is_complete
    and created_to > :'wanted_from'::timestamptz
    and created_from < :'wanted_to'::timestamptz
  union all
  select
    :'wanted_to'::timestamptz as created_from,
    :'wanted_to'::timestamptz as created_to
),
gaps as (
  select
    coalesce(
      max(created_to) over (
        order by created_from, created_to
        rows between unbounded preceding and 1 preceding
      ),
      :'wanted_from'::timestamptz
    ) as gap_from,
    created_from as gap_to
  from complete
)
select
  greatest(gap_from, :'wanted_from'::timestamptz) as gap_from,
  gap_to
from gaps
where gap_from < gap_to
  and gap_to > :'wanted_from'::timestamptz
order by gap_to desc;
