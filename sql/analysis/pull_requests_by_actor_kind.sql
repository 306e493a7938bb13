-- What do the pull requests of people, bots and agents cost, each and per merged one?
-- Pull requests and their costs as in pull_request_costs, by their author, the account of the first
-- run. actor_kind follows the rules in name_kinds; it is unknown if that account is gone or no rule
-- fits. cost_per_merged_usd divides the cost of all, merged or not, by the number known to be
-- merged. It is an upper bound, because squash merges are not known; merged_percent is the known
-- share. cost_per_pull_request_usd is the mean of those with a known cost;
-- waited_hours_per_pull_request is the mean of those with known waited_hours. with_jobs_percent is
-- the share of their attempts whose jobs are stored; the cost of other attempts is not included.
--   psql "$DATABASE_URL" -f sql/analysis/pull_requests_by_actor_kind.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
runs as materialized (
  select
    github_run_id,
    run_attempt,
    repository_id,
    repository,
    head_repository,
    branch,
    commit_sha,
    created_at,
    case when run_attempt > 1 then started_at end as approved_at,
    completed_at,
    is_first_attempt,
    is_first_missing,
    is_rerun,
    is_exact,
    min(created_at) filter (where is_first_attempt or is_first_missing) over (
      partition by repository_id, head_repository, branch, commit_sha
    ) as pushed_at,
    -- A run has its calls once, however many attempts it has.
    row_number() over (partition by github_run_id order by run_attempt) = 1 as has_calls
  from attempts
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and event_type like 'pull_request%'
    and branch is not null
    and conclusion is distinct from 'skipped'
),
costs as materialized (
  select
    github_run_id,
    run_attempt,
    sum(duration_seconds) as seconds,
    sum(list_cost_usd) as list_cost_usd,
    count(*) filter (where list_cost_usd is null) as unpriced_jobs
  from job_costs
  cross join period
  where created_at >= period.since
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and event_type like 'pull_request%'
  group by
    github_run_id,
    run_attempt
),
spendings as materialized (
  select
    github_run_id,
    sum(cost) as cost,
    coalesce(sum(api_calls) filter (where cost is null), 0) as unpriced_calls
  from llm_calls_priced
  cross join period
  where timestamp >= period.since
    and github_run_id is not null
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
  group by github_run_id
),
-- A commit waits from its first run, or from its approval, to the end of its last first attempt. A
-- run that starts later, when the pull request is labelled or closed, is not waited for. A commit
-- with a first attempt that is not stored may have waited for that one.
commits as (
  select
    repository_id,
    repository,
    head_repository,
    branch,
    commit_sha,
    count(*) as attempts,
    count(distinct runs.github_run_id) as runs,
    count(*) filter (where is_rerun) as reruns,
    count(*) filter (where not is_exact) as attempts_without_jobs,
    sum(costs.seconds) as seconds,
    sum(costs.list_cost_usd) as list_cost_usd,
    coalesce(sum(costs.unpriced_jobs), 0) as unpriced_jobs,
    sum(spendings.cost) as llm_cost_usd,
    coalesce(sum(spendings.unpriced_calls), 0) as unpriced_calls,
    extract(
      epoch from case
        when bool_or(is_first_missing) filter (where is_waited_for) then null
        when count(approved_at) filter (where is_waited_for) > 0
          then max(completed_at - coalesce(approved_at, created_at)) filter (where is_waited_for)
        else max(completed_at - pushed_at) filter (where is_waited_for)
      end
    ) as waited_seconds
  from runs
  cross join lateral (
    select
      (is_first_attempt or is_first_missing)
        and created_at < pushed_at + interval '10 minutes' as is_waited_for
  ) as kinds
  left join costs using (github_run_id, run_attempt)
  left join spendings
    on spendings.github_run_id = runs.github_run_id
    and has_calls
  group by
    repository_id,
    repository,
    head_repository,
    branch,
    commit_sha
),
-- Once, however few pull requests the planner expects.
known as materialized (
  select
    repository_id,
    head_repository,
    branch,
    actor,
    coalesce(kind, 'unknown') as actor_kind,
    is_merged,
    last_run_at
  from pull_requests
  left join actor_kinds using (actor)
),
pulls as (
  select
    repository_id,
    repository,
    head_repository,
    branch,
    count(commit_sha) as commits,
    sum(runs)::bigint as runs,
    sum(reruns)::bigint as reruns,
    sum(attempts)::bigint as attempts,
    sum(attempts_without_jobs)::bigint as attempts_without_jobs,
    coalesce(sum(seconds), 0) as seconds,
    sum(waited_seconds) as waited_seconds,
    coalesce(
      sum(list_cost_usd), case when sum(unpriced_jobs) + sum(attempts_without_jobs) = 0 then 0 end
    ) as list_cost_usd,
    coalesce(sum(llm_cost_usd), case when sum(unpriced_calls) = 0 then 0 end) as llm_cost_usd,
    sum(unpriced_jobs)::bigint as unpriced_jobs,
    sum(unpriced_calls)::bigint as unpriced_calls
  from commits
  group by
    repository_id,
    repository,
    head_repository,
    branch
)
select
  actor_kind,
  count(*) as pull_requests,
  round(sum(cost_usd), 4) as cost_usd,
  round(100 * sum(cost_usd) / nullif(sum(sum(cost_usd)) over (), 0), 4) as share_percent,
  round(sum(cost_usd) / nullif(count(cost_usd), 0), 4) as cost_per_pull_request_usd,
  count(*) filter (where is_merged) as merged,
  round(100.0 * count(*) filter (where is_merged) / count(*), 4) as merged_percent,
  round(sum(cost_usd) / nullif(count(*) filter (where is_merged), 0), 4) as cost_per_merged_usd,
  sum(commits)::bigint as commits,
  sum(runs)::bigint as runs,
  sum(reruns)::bigint as reruns,
  round(sum(seconds) / 60.0, 2) as minutes,
  round(sum(llm_cost_usd), 4) as llm_cost_usd,
  round(sum(seconds) / 60.0 / count(*), 2) as minutes_per_pull_request,
  round(avg(waited_seconds) / 3600, 2) as waited_hours_per_pull_request,
  round(100.0 * (sum(attempts) - sum(attempts_without_jobs)) / nullif(sum(attempts), 0), 4)
    as with_jobs_percent,
  sum(unpriced_jobs)::bigint as unpriced_jobs,
  sum(unpriced_calls)::bigint as unpriced_calls
from pulls
inner join known using (repository_id, head_repository, branch)
cross join lateral (
  select
    coalesce(
      list_cost_usd + llm_cost_usd, nullif(list_cost_usd, 0), nullif(llm_cost_usd, 0)
    ) as cost_usd
) as known_costs
group by actor_kind
order by
  cost_usd desc nulls last,
  actor_kind
limit (select period.top from period);
