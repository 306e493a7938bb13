-- Which pull requests cost the most, on runners and for LLM calls?
-- The most expensive come first. A pull request is a head branch with runs of pull_request events;
-- the runs created in the period count, except skipped ones (see pull_requests). head is that
-- branch. For a branch of a fork, the owner of the fork comes before the name, as on GitHub; if the
-- fork is deleted, the account that caused the run comes there. cost_usd is the list price of the
-- jobs plus the cost of the LLM calls of these runs, as the logs report it, otherwise by the price
-- list. It does not include unpriced_jobs, unpriced_calls and the jobs of attempts_without_jobs,
-- which are still to be fetched. If there is nothing else, it is NULL. reruns are attempts that
-- repeated an earlier one. waited_hours is the sum of the waits of its commits, if their first
-- attempts are stored. A commit waits from its first run, or from the approval of that run, to the
-- end of the last first attempt among the runs that began within ten minutes. state is merged if a
-- push to the default branch has one of its commits. Otherwise it is unknown: the pull request may
-- be squashed, merged with a commit of its own, closed, open, or of the default branch itself.
-- actor_kind follows the rules in name_kinds.
--   psql "$DATABASE_URL" -f sql/analysis/pull_request_costs.sql
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
  repository,
  case
    when split_part(head_repository, '/', 1) = split_part(repository, '/', 1) then branch
    else split_part(head_repository, '/', 1) || ':' || branch
  end as head,
  round(cost_usd, 4) as cost_usd,
  round(waited_seconds / 3600, 2) as waited_hours,
  round(seconds / 60.0, 2) as minutes,
  runs,
  actor,
  actor_kind,
  case when is_merged then 'merged' else 'unknown' end as state,
  round(list_cost_usd, 4) as list_cost_usd,
  round(llm_cost_usd, 4) as llm_cost_usd,
  commits,
  reruns,
  branch,
  head_repository,
  attempts_without_jobs,
  unpriced_jobs,
  unpriced_calls,
  last_run_at,
  repository_id
from pulls
inner join known using (repository_id, head_repository, branch)
cross join lateral (
  select
    coalesce(
      list_cost_usd + llm_cost_usd, nullif(list_cost_usd, 0), nullif(llm_cost_usd, 0)
    ) as cost_usd
) as known_costs
order by
  cost_usd desc nulls last,
  seconds desc,
  repository,
  branch,
  head_repository
limit (select period.top from period);
