-- Intervals that no complete window covers, over all time; a query selects the part it needs.
-- A second that GitHub does not list whole has a row of its own.
create view unlisted_intervals as
with edges as (
  select
    repository_id,
    created_from,
    created_to
  from windows
  union all
  select
    repository_id,
    'infinity'::timestamptz as created_from,
    'infinity'::timestamptz as created_to
  from repositories
),
spaces as (
  select
    repository_id,
    coalesce(
      max(created_to) over (
        partition by repository_id
        order by created_from, created_to
        rows between unbounded preceding and 1 preceding
      ),
      '-infinity'::timestamptz
    ) as gap_from,
    created_from as gap_to
  from edges
)
select
  repository_id,
  gap_from,
  gap_to,
  false as is_unlistable
from spaces
where gap_from < gap_to
union all
select
  repository_id,
  created_from as gap_from,
  created_to as gap_to,
  true as is_unlistable
from windows
where not is_complete;

comment on view unlisted_intervals is
  'One row per interval of creation time that no complete window of a repository covers.';
comment on column unlisted_intervals.gap_from is
  'The start of the interval; -infinity for the one before the first window.';
comment on column unlisted_intervals.gap_to is
  'The end of the interval, not included; infinity for the one after the last window.';
comment on column unlisted_intervals.is_unlistable is
  'Whether it was listed, but has more runs than GitHub shows: no ingest can complete it.';
