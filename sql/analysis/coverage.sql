-- How much of the period is stored?
-- attempts_with_jobs are attempts whose jobs are all stored; skipped attempts have no jobs and are
-- not counted. Answers about jobs cover only the attempts with jobs. If jobs are stored for a
-- larger share of failed_attempts than of others, shares of failures are too high. pending_attempts
-- are earlier attempts of re-run runs that are themselves still to be fetched. attempts_seconds is
-- the time that the attempts took, counting at most an hour of each. If with_jobs_seconds is a
-- smaller share of it than attempts_with_jobs is of attempts, the jobs of long runs are missing.
-- unlisted_seconds is the part of the period that no complete list of runs covers. It lies between
-- unlisted_from and unlisted_to, possibly with listed intervals in between. make ingest SINCE=… can
-- list it from listable_from on; NULL means that this database keeps no runs of that time. If
-- has_name is false, another repository has the name now, and no ingest can list it. Seconds with
-- more runs than GitHub lists are left out; make status names them.
--   psql "$DATABASE_URL" -f sql/analysis/coverage.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
stored as materialized (
  select
    repository_id,
    count(*) as attempts,
    -- As attempts.is_exact, but without the windows of that view, which take ten times as long.
    count(*) filter (where jobs_listed_at is not null) as attempts_with_jobs,
    count(*) filter (
      where conclusion in ('failure', 'timed_out', 'startup_failure')
    ) as failed_attempts,
    count(*) filter (
      where conclusion in ('failure', 'timed_out', 'startup_failure')
        and jobs_listed_at is not null
    ) as failed_with_jobs,
    -- An hour at most of each, because a run may wait for a person for days.
    sum(least(duration_seconds, 3600)) as attempts_seconds,
    sum(least(duration_seconds, 3600)) filter (where jobs_listed_at is not null)
      as with_jobs_seconds
  from workflow_runs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and conclusion is distinct from 'skipped'
  group by repository_id
),
pending as materialized (
  select
    repository_id,
    count(*) as attempts
  from pending_attempts
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by repository_id
),
unlisted as materialized (
  select
    repository_id,
    sum(extract(epoch from least(gap_to, period.until) - greatest(gap_from, period.since)))::bigint
      as unlisted_seconds,
    min(greatest(gap_from, period.since)) as unlisted_from,
    max(least(gap_to, period.until)) as unlisted_to,
    min(greatest(listable_from, period.since)) filter (
      where listable_from < period.until
        -- The end of the period may be too new to be listed.
        and (gap_to < period.until or gap_from < period.until - interval '1 day')
    ) as listable_from
  from unlisted_intervals
  cross join period
  where not is_unlistable
    and gap_from < period.until
    and gap_to > period.since
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by repository_id
)
select
  repository_names.repository,
  coalesce(stored.attempts, 0) + coalesce(pending.attempts, 0) as attempts,
  coalesce(stored.attempts_with_jobs, 0) as attempts_with_jobs,
  round(
    100.0 * coalesce(stored.attempts_with_jobs, 0)
    / nullif(coalesce(stored.attempts, 0) + coalesce(pending.attempts, 0), 0),
    4
  ) as with_jobs_percent,
  coalesce(pending.attempts, 0) as pending_attempts,
  coalesce(stored.failed_attempts, 0) as failed_attempts,
  coalesce(stored.failed_with_jobs, 0) as failed_with_jobs,
  coalesce(stored.attempts_seconds, 0)::bigint as attempts_seconds,
  coalesce(stored.with_jobs_seconds, 0)::bigint as with_jobs_seconds,
  coalesce(unlisted.unlisted_seconds, 0) as unlisted_seconds,
  unlisted.unlisted_from,
  unlisted.unlisted_to,
  unlisted.listable_from,
  repository_names.has_name,
  repository_names.repository_id
from repository_names
cross join period
left join stored using (repository_id)
left join pending using (repository_id)
left join unlisted using (repository_id)
where period.repository_ids is null
  or repository_names.repository_id = any(period.repository_ids)
order by
  with_jobs_percent nulls last,
  repository_names.repository,
  repository_names.repository_id
limit (select period.top from period);
