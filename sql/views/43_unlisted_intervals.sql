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
),
-- An ingest lists runs from a midnight on, and none that are too old to be kept.
kept as (
  select
    (
      date_trunc(
        'day',
        now() at time zone 'UTC' - case when keep <> 'forever' then keep::interval end
      )
      + interval '1 day'
    ) at time zone 'UTC' as since
  from retention
)
select
  spaces.repository_id,
  spaces.gap_from,
  spaces.gap_to,
  false as is_unlistable,
  case
    when spaces.gap_to > coalesce(kept.since, '-infinity')
      then greatest(spaces.gap_from, kept.since)
  end as listable_from
from spaces
cross join kept
where spaces.gap_from < spaces.gap_to
union all
select
  repository_id,
  created_from as gap_from,
  created_to as gap_to,
  true as is_unlistable,
  null as listable_from
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
comment on column unlisted_intervals.listable_from is
  'Where an ingest can begin to list it. NULL: is_unlistable, or this database keeps no runs of that time.';
