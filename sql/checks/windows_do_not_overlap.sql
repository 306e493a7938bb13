-- No two listed intervals of a repository overlap.
-- A run in both would count twice in the proof. A row is a window that begins before an earlier one
-- ends.
--   psql "$DATABASE_URL" -f sql/checks/windows_do_not_overlap.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
ordered as (
  select
    repository_id,
    created_from,
    created_to,
    max(created_to) over (
      partition by repository_id
      order by created_from
      rows between unbounded preceding and 1 preceding
    ) as earlier_window_to
  from windows
  cross join period
  where created_to > period.since
    and created_from < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
)
select
  repositories.repository,
  ordered.created_from,
  ordered.created_to,
  ordered.earlier_window_to,
  ordered.repository_id
from ordered
left join repositories using (repository_id)
where ordered.created_from < ordered.earlier_window_to
order by
  ordered.repository_id,
  ordered.created_from
limit (select period.top from period);
