-- How many jobs ran at the same time at most, and when?
-- Each owner of repositories has a row for each runner label, and one for all of GitHub's standard
-- runners together, because GitHub's limit applies to all of them. peak_at is when the peak was
-- first reached. average_jobs is the average from the first start to the last end.
--   psql "$DATABASE_URL" -f sql/analysis/concurrency.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
-- Once: what a job asks of a runner takes most of the time.
jobs as materialized (
  select
    split_part(repository, '/', 1) as owner,
    groups.runners,
    started_at,
    started_at + duration_seconds * interval '1 second' as ended_at,
    duration_seconds
  from labelled_jobs
  cross join period
  cross join lateral (
    values
      (coalesce(runner_label, 'no label')),
      (case when is_hosted then 'all standard runners of GitHub' end)
  ) as groups (runners)
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and duration_seconds > 0
    and groups.runners is not null
),
levels as (
  select
    owner,
    runners,
    moment,
    change,
    ended_at,
    duration_seconds,
    sum(change) over (
      partition by owner, runners
      order by
        moment,
        change
      rows unbounded preceding
    ) as jobs_at_once
  from jobs
  cross join lateral (
    values
      (started_at, 1),
      (ended_at, -1)
  ) as changes (moment, change)
)
select
  owner,
  runners,
  count(*) as jobs,
  max(jobs_at_once) as peak_jobs,
  (array_agg(moment order by jobs_at_once desc, moment))[1] as peak_at,
  round(sum(duration_seconds) / nullif(extract(epoch from max(ended_at) - min(moment)), 0), 2)
    as average_jobs
from levels
where change = 1
group by
  owner,
  runners
order by
  peak_jobs desc,
  owner,
  runners
limit (select period.top from period);
