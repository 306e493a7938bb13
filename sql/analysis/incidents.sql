-- When was the default branch red, by which workflow, for how long, and what fixed it?
-- Incidents that ended in the period, and open ones. An incident is open if its workflow was red at
-- the end of the period and ran in the period or in the 30 days before its end. Later events are
-- ignored. A workflow that was deleted or disabled, or that no longer runs, is not red. Open
-- incidents come first; of these, first those that pushes ran into, in workflows that have been
-- green before. Then the numbers of pushes (red_pushes) and of failed runs decide, then the
-- duration. Open incidents have no recovered_at, and their seconds end with the period. red_at is
-- the end of the first failed run; commit_sha and actor are those of that run, and last_green_sha
-- is the commit that was green before it. mended_by is who started the next green run, of
-- mended_sha, or re-ran it; both are NULL if that run is red again. is_deployment says whether the
-- workflow deploys, as in deployments.
--   psql "$DATABASE_URL" -f sql/analysis/incidents.sql
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
  repository,
  workflow,
  red_at,
  case when ends.is_over then recovered_at end as recovered_at,
  extract(epoch from least(recovered_at, period.until) - red_at)::bigint as seconds,
  reds.red_runs,
  reds.red_pushes,
  reds.red_schedules,
  reds.red_by_workflows,
  reds.people,
  last_green_at,
  last_green_sha,
  commit_sha,
  actor,
  case when ends.is_over then mended_by end as mended_by,
  case when ends.is_over then mended_sha end as mended_sha,
  case when ends.is_over then is_recovered_by_rerun end as is_recovered_by_rerun,
  reds.last_red_run_created_at,
  exists (
    select 1
    from deploying_workflows as deploying
    where deploying.repository_id = incidents.repository_id
      and deploying.workflow_id = incidents.workflow_id
  ) as is_deployment,
  html_url,
  last_green_url,
  case when ends.is_over then mended_url end as mended_url,
  workflow_id,
  repository_id
from incidents
cross join period
cross join lateral (
  select coalesce(recovered_at < period.until, false) as is_over
) as ends
cross join lateral (
  select
    count(*) as red_runs,
    count(*) filter (where runs.cause = 'push') as red_pushes,
    count(*) filter (where runs.cause = 'schedule') as red_schedules,
    count(*) filter (where runs.cause = 'workflow') as red_by_workflows,
    count(distinct runs.person) as people,
    max(runs.created_at) as last_red_run_created_at
  from unnest(red_run_created_at, red_run_causes, red_run_people)
    as runs (created_at, cause, person)
  where runs.created_at < period.until
) as reds
where red_at < period.until
  and (
    ends.is_over and recovered_at >= period.since
    or not ends.is_over
    and reds.last_red_run_created_at >= least(period.since, period.until - interval '720 hours')
    and coalesce(workflow_state, 'active') = 'active'
  )
  and (period.repository_ids is null or repository_id = any(period.repository_ids))
order by
  ends.is_over,
  not ends.is_over and reds.red_pushes > 0 and last_green_at is not null desc,
  case when ends.is_over then 0 else reds.red_pushes end desc,
  case when ends.is_over then 0 else reds.red_runs end desc,
  case when not ends.is_over then red_at end,
  red_at desc,
  repository,
  workflow,
  workflow_id
limit (select period.top from period);
