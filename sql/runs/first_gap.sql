-- The start of the oldest gap of a repository that an ingest without SINCE reaches back to.
-- Gaps after the first complete window, or after the last one. Before the first window, only what
-- ingests have wanted since the last complete one, which a stop kept from listing it.
--   psql "$DATABASE_URL" -f sql/runs/first_gap.sql -v repository_id=7
select
  min(
    case
      when unlisted_intervals.gap_from > '-infinity'::timestamptz then unlisted_intervals.gap_from
      when stopped.since < unlisted_intervals.gap_to then stopped.since
    end
  ) as gap_from
from unlisted_intervals
cross join (
  select min(ingestions.since) as since
  from ingestions
  where ingestions.repository_id = :'repository_id'::bigint
    and ingestions.started_at > coalesce(
      (
        select max(finished.started_at)
        from ingestions as finished
        where finished.repository_id = :'repository_id'::bigint
          and (finished.outcome = 'complete' or finished.is_caught_up)
      ),
      '-infinity'::timestamptz
    )
) as stopped
where unlisted_intervals.repository_id = :'repository_id'::bigint
  and not unlisted_intervals.is_unlistable;
