-- For each repository: does what is stored add up to what GitHub reported, and what is pending?
--
-- In each window that was listed completely, and so in their sum, every run counted once:
--
--   reported_runs = stored_runs - missing_runs - unlisted_runs + open_runs
--
-- reported_runs: how many GitHub said it had when the window was listed; how many it listed where
--   it gave no number.
-- stored_runs: runs of which any attempt is stored, also while a later attempt is open.
-- missing_runs: those of them that GitHub has no longer, and that the window's last list left out.
--   One that went after that list is still among the reported ones.
-- unlisted_runs: stored runs that the last list left out and that were not asked for yet.
-- open_runs: runs in progress of which no attempt is stored.
--
-- elsewhere_runs lie outside these windows: created within minutes of the last list, or while
-- an ingest was stopped. A window is swept, that is listed again, as long as its runs could still
-- be re-run at its last list; it is due a day after that, and overdue if it already was so when
-- the last complete ingest began. Gaps are what the last ingest wanted and no window holds.
--   psql "$DATABASE_URL" -f sql/status/proof.sql
with known_attempts as (
  select
    repository_id,
    github_run_id,
    run_attempt,
    created_at,
    'stored' as state,
    unlisted_at,
    missing_upstream_at,
    jobs_listed_at
  from workflow_runs
  union all
  select
    repository_id,
    github_run_id,
    run_attempt,
    created_at,
    'open' as state,
    null as unlisted_at,
    missing_upstream_at,
    null as jobs_listed_at
  from open_runs
  union all
  select
    repository_id,
    github_run_id,
    run_attempt,
    null as created_at,
    'gone' as state,
    null as unlisted_at,
    null as missing_upstream_at,
    null as jobs_listed_at
  from missing_attempts
),
runs as (
  select
    repository_id,
    github_run_id,
    min(created_at) as created_at,
    bool_or(state = 'stored') as is_stored,
    max(unlisted_at) as unlisted_at,
    max(missing_upstream_at) as missing_upstream_at,
    -- A number far beyond the 50 re-runs that GitHub allows is not to be taken at its word.
    least(max(run_attempt), 1001) - count(distinct run_attempt) as unknown_attempts,
    count(*) filter (where state = 'gone') as gone_attempts,
    count(*) filter (where state = 'stored' and jobs_listed_at is null) as attempts_without_jobs,
    count(*) filter (where jobs_listed_at is not null) as attempts_with_jobs,
    min(created_at) filter (where state = 'open' and missing_upstream_at is null)
      as open_created_at
  from known_attempts
  group by
    repository_id,
    github_run_id
  having min(created_at) is not null
),
starts as (
  select
    repository_id,
    array_agg(created_from order by created_from) as created_from
  from windows
  group by repository_id
),
placed_runs as (
  select
    runs.repository_id,
    runs.is_stored,
    runs.unlisted_at,
    runs.missing_upstream_at,
    windows.created_from,
    runs.missing_upstream_at is not null
      and (runs.unlisted_at is not null or runs.missing_upstream_at <= windows.listed_at)
      as is_left_out
  from runs
  left join starts using (repository_id)
  left join windows
    on windows.repository_id = runs.repository_id
    -- Windows do not overlap: the last one to begin is the only one that can hold the run.
    and windows.created_from
      = starts.created_from[width_bucket(runs.created_at, starts.created_from)]
    and windows.created_to > runs.created_at
    and windows.is_complete
),
balances as (
  select
    windows.repository_id,
    windows.created_from,
    windows.created_to,
    coalesce(windows.reported, windows.seen) as reported,
    windows.seen,
    count(*) filter (where placed_runs.is_stored) as stored,
    count(*) filter (where placed_runs.is_stored and placed_runs.is_left_out) as missing,
    count(*) filter (
      where placed_runs.unlisted_at is not null
        and placed_runs.missing_upstream_at is null
    ) as unlisted,
    count(*) filter (where not placed_runs.is_stored and not placed_runs.is_left_out) as open
  from windows
  left join placed_runs using (repository_id, created_from)
  where windows.is_complete
  group by
    windows.repository_id,
    windows.created_from
),
equations as (
  select
    repository_id,
    min(created_from) as listed_from,
    max(created_to) as listed_to,
    count(*) as complete_windows,
    sum(reported) as reported_runs,
    sum(seen) as seen_runs,
    sum(stored) as stored_runs,
    sum(missing) as missing_runs,
    sum(unlisted) as unlisted_runs,
    sum(open) as open_runs,
    count(*) filter (where reported <> stored - missing - unlisted + open) as unequal_windows,
    min(created_from) filter (where reported <> stored - missing - unlisted + open)
      as unequal_from
  from balances
  group by repository_id
),
run_totals as (
  select
    repository_id,
    sum(greatest(unknown_attempts, 0)) filter (where missing_upstream_at is null)
      as pending_attempts,
    sum(gone_attempts) as gone_attempts,
    sum(attempts_without_jobs) filter (where missing_upstream_at is null)
      as attempts_without_jobs,
    sum(attempts_with_jobs) as attempts_with_jobs,
    min(open_created_at) as oldest_open_created_at
  from runs
  group by repository_id
),
elsewhere as (
  select
    repository_id,
    count(*) as runs
  from placed_runs
  where created_from is null
  group by repository_id
),
last_ingestions as (
  select distinct on (ingestions.repository_id)
    ingestions.repository_id,
    -- What a complete ingest had listed and no window begins with any more, was pruned.
    case ingestions.outcome
      when 'complete' then greatest(ingestions.since, starts.created_from[1])
      else ingestions.since
    end as since,
    -- The youngest hour of a list is not settled yet.
    ingestions.started_at - interval '1 hour' as settled_at,
    ingestions.requests,
    ingestions.not_modified
  from ingestions
  left join starts using (repository_id)
  order by
    ingestions.repository_id,
    ingestions.started_at desc
),
last_completes as (
  select
    repository_id,
    max(started_at) as started_at
  from ingestions
  where outcome = 'complete'
  group by repository_id
),
sweeps as (
  select
    windows.repository_id,
    min(windows.listed_at) as last_sweep_at,
    count(*) filter (where windows.listed_at < now() - interval '1 day') as due_windows,
    count(*) filter (where windows.listed_at < last_completes.started_at - interval '1 day')
      as overdue_windows
  from windows
  left join last_completes using (repository_id)
  where windows.is_complete
    and windows.created_to > windows.listed_at - interval '31 days'
  group by windows.repository_id
),
incomplete as (
  select
    repository_id,
    count(*) as windows,
    min(problem) as problem
  from windows
  where not is_complete
  group by repository_id
),
listed_intervals as (
  select
    windows.repository_id,
    windows.created_from,
    windows.created_to
  from windows
  inner join last_ingestions using (repository_id)
  where windows.created_to > last_ingestions.since
    and windows.created_from < last_ingestions.settled_at
  union all
  select
    repository_id,
    settled_at as created_from,
    settled_at as created_to
  from last_ingestions
),
spaces as (
  select
    listed_intervals.repository_id,
    coalesce(
      max(listed_intervals.created_to) over (
        partition by listed_intervals.repository_id
        order by listed_intervals.created_from, listed_intervals.created_to
        rows between unbounded preceding and 1 preceding
      ),
      last_ingestions.since
    ) as gap_from,
    listed_intervals.created_from as gap_to
  from listed_intervals
  inner join last_ingestions using (repository_id)
),
gaps as (
  select
    repository_id,
    count(*) as gaps,
    sum(extract(epoch from gap_to - gap_from)) as seconds
  from spaces
  where gap_from < gap_to
  group by repository_id
)
select
  repositories.repository,
  repositories.repository_id,
  equations.listed_from,
  equations.listed_to,
  coalesce(equations.reported_runs, 0)::bigint as reported_runs,
  coalesce(equations.seen_runs, 0)::bigint as seen_runs,
  coalesce(equations.stored_runs, 0)::bigint as stored_runs,
  coalesce(equations.missing_runs, 0)::bigint as missing_runs,
  coalesce(equations.unlisted_runs, 0)::bigint as unlisted_runs,
  coalesce(equations.open_runs, 0)::bigint as open_runs,
  coalesce(elsewhere.runs, 0) as elsewhere_runs,
  coalesce(equations.unequal_windows, 0) as unequal_windows,
  equations.unequal_from,
  coalesce(equations.complete_windows, 0) as complete_windows,
  coalesce(incomplete.windows, 0) as incomplete_windows,
  incomplete.problem,
  coalesce(sweeps.due_windows, 0) as due_windows,
  coalesce(sweeps.overdue_windows, 0) as overdue_windows,
  sweeps.last_sweep_at,
  coalesce(gaps.gaps, 0) as gaps,
  coalesce(gaps.seconds, 0)::bigint as gap_seconds,
  coalesce(run_totals.pending_attempts, 0)::bigint as pending_attempts,
  coalesce(run_totals.gone_attempts, 0)::bigint as gone_attempts,
  coalesce(run_totals.attempts_without_jobs, 0)::bigint as attempts_without_jobs,
  coalesce(run_totals.attempts_with_jobs, 0)::bigint as attempts_with_jobs,
  run_totals.oldest_open_created_at,
  last_ingestions.requests as last_requests,
  last_ingestions.not_modified as last_not_modified
from repositories
left join equations using (repository_id)
left join elsewhere using (repository_id)
left join run_totals using (repository_id)
left join incomplete using (repository_id)
left join sweeps using (repository_id)
left join gaps using (repository_id)
left join last_ingestions using (repository_id)
order by
  repositories.repository,
  repositories.repository_id;
