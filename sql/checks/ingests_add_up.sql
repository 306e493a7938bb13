-- The runs that an ingest counted add up.
-- Each run that it fetched was inserted, updated, unchanged, not completed or unreadable. An ingest
-- has an end if, and only if, it has stopped. A row is an ingest that violates one of these.
--   psql "$DATABASE_URL" -f sql/checks/ingests_add_up.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
)
select
  repositories.repository,
  ingestions.started_at,
  ingestions.finished_at,
  ingestions.outcome,
  ingestions.fetched,
  ingestions.inserted,
  ingestions.updated,
  ingestions.unchanged,
  ingestions.not_completed,
  ingestions.unreadable,
  ingestions.repository_id
from ingestions
cross join period
left join repositories using (repository_id)
where ingestions.started_at >= period.since
  and ingestions.started_at < period.until
  and (period.repository_ids is null or ingestions.repository_id = any(period.repository_ids))
  and (
    ingestions.fetched <> ingestions.inserted + ingestions.updated + ingestions.unchanged
      + ingestions.not_completed + ingestions.unreadable
    or (ingestions.finished_at is null) <> (ingestions.outcome = 'running')
    or ingestions.finished_at < ingestions.started_at
  )
order by
  ingestions.started_at,
  ingestions.repository_id
limit (select period.top from period);
