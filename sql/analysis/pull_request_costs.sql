-- Which pull requests cost the most, on runners and for LLM calls?
-- The most expensive come first. A pull request is a head branch with runs of pull_request events;
-- the runs created in the period count, except skipped ones (see pull_requests). head is that
-- branch. For a branch of a fork, the owner of the fork comes before it, as on GitHub; if the fork
-- is deleted, the account that caused the run. cost_usd is the list price of the jobs plus the cost
-- of the LLM calls of these runs, as the logs report it, otherwise by the price list. It does not
-- include unpriced_jobs, unpriced_calls and the jobs of attempts_without_jobs, which are still to
-- be fetched. If there is nothing else, it is NULL. reruns are attempts that repeated an earlier
-- one. waited_hours adds up how long each commit waited whose first attempts are stored: from its
-- first run, or from the approval of that run, to the end of the last first attempt among the runs
-- that began within ten minutes. state is merged if a push to the default branch has one of its
-- commits. Otherwise it is unknown: the pull request may be squashed, merged with a commit of its
-- own, closed, open, or of the default branch itself. actor_kind follows the rules in name_kinds.
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
    attempts.github_run_id,
    attempts.run_attempt,
    attempts.repository_id,
    attempts.repository,
    coalesce(
      attempts.head_repository, nullif(attempts.actor, '') || '/unknown', 'unknown'
    ) as head_repository,
    attempts.branch,
    attempts.commit_sha,
    attempts.created_at,
    case when attempts.run_attempt > 1 then attempts.started_at end as approved_at,
    attempts.completed_at,
    attempts.is_first_attempt,
    attempts.is_first_missing,
    attempts.is_rerun,
    attempts.is_exact,
    min(attempts.created_at) filter (
      where attempts.is_first_attempt
        or attempts.is_first_missing
    ) over (
      partition by
        attempts.repository_id, attempts.head_repository, attempts.branch, attempts.commit_sha
    ) as pushed_at,
    -- A run has its calls once, however many attempts it has.
    row_number() over (
      partition by attempts.github_run_id
      order by attempts.run_attempt
    ) = 1 as has_calls
  from attempts
  cross join period
  where attempts.created_at >= period.since
    and attempts.created_at < period.until
    and (period.repository_ids is null or attempts.repository_id = any(period.repository_ids))
    and attempts.event_type like 'pull_request%'
    and attempts.branch is not null
    and attempts.conclusion is distinct from 'skipped'
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
waits as materialized (
  select
    repository_id,
    head_repository,
    branch,
    commit_sha,
    extract(
      epoch from case
        when count(approved_at) > 0 then max(completed_at - coalesce(approved_at, created_at))
        else max(completed_at) - min(created_at)
      end
    ) as seconds
  from runs
  where (is_first_attempt or is_first_missing)
    and created_at < pushed_at + interval '10 minutes'
  group by
    repository_id,
    head_repository,
    branch,
    commit_sha
  having not bool_or(is_first_missing)
),
waited as materialized (
  select
    repository_id,
    head_repository,
    branch,
    sum(seconds) as seconds
  from waits
  group by
    repository_id,
    head_repository,
    branch
),
by_pull as materialized (
  select
    runs.repository_id,
    runs.repository,
    runs.head_repository,
    runs.branch,
    count(*) as attempts,
    count(distinct runs.commit_sha) as commits,
    count(distinct runs.github_run_id) as runs,
    count(*) filter (where runs.is_rerun) as reruns,
    count(*) filter (where not runs.is_exact) as attempts_without_jobs,
    coalesce(sum(costs.seconds), 0) as seconds,
    coalesce(
      sum(costs.list_cost_usd),
      case
        when coalesce(sum(costs.unpriced_jobs), 0) + count(*) filter (where not runs.is_exact) = 0
          then 0
      end
    ) as list_cost_usd,
    coalesce(
      sum(spendings.cost),
      case when coalesce(sum(spendings.unpriced_calls), 0) = 0 then 0 end
    ) as llm_cost_usd,
    coalesce(sum(costs.unpriced_jobs), 0)::bigint as unpriced_jobs,
    coalesce(sum(spendings.unpriced_calls), 0)::bigint as unpriced_calls
  from runs
  left join costs using (github_run_id, run_attempt)
  left join spendings
    on spendings.github_run_id = runs.github_run_id
    and runs.has_calls
  group by
    runs.repository_id,
    runs.repository,
    runs.head_repository,
    runs.branch
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
    by_pull.repository_id,
    by_pull.repository,
    by_pull.head_repository,
    by_pull.branch,
    known.actor,
    known.actor_kind,
    known.is_merged,
    known.last_run_at,
    by_pull.commits,
    by_pull.runs,
    by_pull.reruns,
    by_pull.seconds,
    by_pull.list_cost_usd,
    by_pull.llm_cost_usd,
    coalesce(
      by_pull.list_cost_usd + by_pull.llm_cost_usd,
      nullif(by_pull.list_cost_usd, 0),
      nullif(by_pull.llm_cost_usd, 0)
    ) as cost_usd,
    waited.seconds as waited_seconds,
    by_pull.attempts,
    by_pull.attempts_without_jobs,
    by_pull.unpriced_jobs,
    by_pull.unpriced_calls
  from by_pull
  inner join known using (repository_id, head_repository, branch)
  left join waited using (repository_id, head_repository, branch)
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
order by
  cost_usd desc nulls last,
  seconds desc,
  repository,
  branch,
  head_repository
limit (select period.top from period);
