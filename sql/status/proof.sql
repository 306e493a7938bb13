-- For each repository: do the stored runs match GitHub's reports, and what is pending?
--
-- In each completely listed window, and in their sum, with every run counted once:
--
--   reported_runs = stored_runs - gone_runs - unlisted_runs + open_runs
--
-- reported_runs: how many runs GitHub reported when the window was listed; without a number, how
--   many it listed.
-- stored_runs: runs with at least one stored attempt, even while a later attempt is open.
-- gone_runs: stored runs that GitHub no longer has and that the window's last list left out.
--   A run that was deleted after that list is still among the reported ones.
-- unlisted_runs: stored runs that the last list left out and that have not been probed yet.
-- open_runs: runs in progress without a stored attempt.
--
-- elsewhere_runs lie outside these windows: created within minutes of the last list, or while
-- an ingest was stopped. A window is swept (listed again) as long as its runs could still be re-run
-- at its last list. It is due a day after that list, and overdue if it was already due when
-- the last complete ingest began. Gaps are intervals that no window covers, from the first
-- window, or from what the last ingest wanted, to an hour before that ingest.
-- pending_attempts and attempts_without_jobs include items whose fetch failed: of the former
-- awaited_earlier_attempts, of the latter awaited_attempts. awaited_items counts all of these,
-- given_up_items those that are not tried any more (all of given_up_run_id, if that is not NULL),
-- and unread_items those whose answer could not be read. Skipped attempts need no jobs.
--   psql "$DATABASE_URL" -f sql/status/proof.sql
with known_attempts as (
  select
    repository_id,
    github_run_id,
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
    created_at,
    'open' as state,
    null as unlisted_at,
    missing_upstream_at,
    null as jobs_listed_at
  from open_runs
),
runs as (
  select
    repository_id,
    github_run_id,
    min(created_at) as created_at,
    bool_or(state = 'stored') as is_stored,
    max(unlisted_at) as unlisted_at,
    max(missing_upstream_at) as missing_upstream_at,
    count(jobs_listed_at) as attempts_with_jobs,
    min(created_at) filter (where state = 'open' and missing_upstream_at is null)
      as open_created_at
  from known_attempts
  group by
    repository_id,
    github_run_id
),
all_windows as (
  select
    repository_id,
    array_agg(created_from order by created_from) as starts,
    count(*) filter (where not is_complete) as incomplete,
    (array_agg(problem order by created_from desc) filter (where not is_complete))[1] as problem
  from windows
  group by repository_id
),
placed_runs as (
  select
    runs.repository_id,
    runs.is_stored,
    runs.unlisted_at,
    runs.missing_upstream_at,
    runs.attempts_with_jobs,
    runs.open_created_at,
    windows.created_from,
    runs.missing_upstream_at is not null
      and (runs.unlisted_at is not null or runs.missing_upstream_at <= windows.listed_at)
      as is_left_out
  from runs
  left join all_windows using (repository_id)
  left join windows
    on windows.repository_id = runs.repository_id
    -- Windows do not overlap: the last one to begin is the only one that can hold the run.
    and windows.created_from
      = all_windows.starts[width_bucket(runs.created_at, all_windows.starts)]
    and windows.created_to > runs.created_at
    and windows.is_complete
),
balances as (
  select
    windows.repository_id,
    windows.created_from,
    windows.created_to,
    coalesce(windows.reported, windows.seen) as reported,
    count(*) filter (where placed_runs.is_stored) as stored,
    count(*) filter (where placed_runs.is_stored and placed_runs.is_left_out) as gone,
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
    sum(stored) as stored_runs,
    sum(gone) as gone_runs,
    sum(unlisted) as unlisted_runs,
    sum(open) as open_runs,
    count(*) filter (where reported <> stored - gone - unlisted + open) as unequal_windows,
    min(created_from) filter (where reported <> stored - gone - unlisted + open)
      as unequal_from
  from balances
  group by repository_id
),
run_totals as (
  select
    repository_id,
    sum(attempts_with_jobs) as attempts_with_jobs,
    min(open_created_at) as oldest_open_created_at,
    count(*) filter (where created_from is null) as elsewhere_runs
  from placed_runs
  group by repository_id
),
unfetched as (
  select
    repository_id,
    count(*) as pending_attempts,
    count(tries) as awaited_earlier_attempts
  from pending_attempts
  group by repository_id
),
without_jobs as (
  select
    repository_id,
    count(*) as attempts_without_jobs,
    count(tries) as awaited_attempts
  from pending_jobs
  group by repository_id
),
gone as (
  select
    repository_id,
    count(*) as gone_attempts
  from missing_attempts
  group by repository_id
),
awaited as (
  select
    repository_id,
    count(*) as awaited_items,
    count(*) filter (where next_try_at is null) as given_up_items,
    array_agg(distinct github_run_id) filter (where next_try_at is null) as given_up_run_ids,
    count(*) filter (where problem = 'unreadable') as unread_items,
    count(*) filter (where problem = 'unanswered') as unanswered_items,
    min(next_try_at) as next_try_at,
    (array_agg(
      kind || ' of run ' || github_run_id || ': ' || reason
      order by next_try_at is not null, problem = 'unfinished', github_run_id desc
    ))[1] as first_awaited
  from awaited_items
  group by repository_id
),
last_ingestions as (
  select distinct on (ingestions.repository_id)
    ingestions.repository_id,
    -- Time that a complete ingest listed and that is before all windows was pruned.
    case
      when ingestions.outcome = 'complete' or ingestions.is_caught_up
        then coalesce(equations.listed_from, ingestions.since)
      else least(equations.listed_from, ingestions.since)
    end as known_from,
    -- The last hour of a list is not reliable yet. Windows are whole seconds.
    date_trunc('second', ingestions.started_at) - interval '1 hour' as settled_at,
    ingestions.requests,
    ingestions.not_modified
  from ingestions
  left join equations using (repository_id)
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
    or is_caught_up
  group by repository_id
),
sweeps as (
  select
    swept_windows.repository_id,
    min(swept_windows.listed_at) as last_sweep_at,
    count(*) filter (where swept_windows.due_at < now()) as due_windows,
    count(*) filter (where swept_windows.due_at < last_completes.started_at) as overdue_windows
  from swept_windows
  left join last_completes using (repository_id)
  group by swept_windows.repository_id
),
gaps as (
  select
    unlisted_intervals.repository_id,
    count(*) as gaps,
    sum(extract(epoch from
      least(unlisted_intervals.gap_to, last_ingestions.settled_at)
        - greatest(unlisted_intervals.gap_from, last_ingestions.known_from)
    )) as seconds,
    min(greatest(unlisted_intervals.gap_from, last_ingestions.known_from)) as gap_from
  from unlisted_intervals
  inner join last_ingestions using (repository_id)
  where not unlisted_intervals.is_unlistable
    and last_ingestions.known_from < last_ingestions.settled_at
    and unlisted_intervals.gap_to > last_ingestions.known_from
    and unlisted_intervals.gap_from < last_ingestions.settled_at
  group by unlisted_intervals.repository_id
)
select
  repositories.repository,
  repositories.repository_id,
  equations.listed_from,
  equations.listed_to,
  coalesce(equations.reported_runs, 0)::bigint as reported_runs,
  coalesce(equations.stored_runs, 0)::bigint as stored_runs,
  coalesce(equations.gone_runs, 0)::bigint as gone_runs,
  coalesce(equations.unlisted_runs, 0)::bigint as unlisted_runs,
  coalesce(equations.open_runs, 0)::bigint as open_runs,
  coalesce(run_totals.elsewhere_runs, 0) as elsewhere_runs,
  coalesce(equations.unequal_windows, 0) as unequal_windows,
  equations.unequal_from,
  coalesce(equations.complete_windows, 0) as complete_windows,
  coalesce(all_windows.incomplete, 0) as incomplete_windows,
  all_windows.problem,
  coalesce(sweeps.due_windows, 0) as due_windows,
  coalesce(sweeps.overdue_windows, 0) as overdue_windows,
  sweeps.last_sweep_at,
  coalesce(gaps.gaps, 0) as gaps,
  coalesce(gaps.seconds, 0)::bigint as gap_seconds,
  gaps.gap_from,
  coalesce(unfetched.pending_attempts, 0) as pending_attempts,
  coalesce(unfetched.awaited_earlier_attempts, 0) as awaited_earlier_attempts,
  coalesce(gone.gone_attempts, 0) as gone_attempts,
  coalesce(without_jobs.attempts_without_jobs, 0) as attempts_without_jobs,
  coalesce(without_jobs.awaited_attempts, 0) as awaited_attempts,
  coalesce(run_totals.attempts_with_jobs, 0)::bigint as attempts_with_jobs,
  coalesce(awaited.awaited_items, 0) as awaited_items,
  coalesce(awaited.given_up_items, 0) as given_up_items,
  coalesce(awaited.unread_items, 0) as unread_items,
  coalesce(awaited.unanswered_items, 0) as unanswered_items,
  awaited.next_try_at,
  awaited.first_awaited,
  case when cardinality(awaited.given_up_run_ids) = 1 then awaited.given_up_run_ids[1] end
    as given_up_run_id,
  run_totals.oldest_open_created_at,
  last_ingestions.requests as last_requests,
  last_ingestions.not_modified as last_not_modified,
  repositories.forgotten_at is null as is_watched
from repositories
left join equations using (repository_id)
left join run_totals using (repository_id)
left join unfetched using (repository_id)
left join without_jobs using (repository_id)
left join gone using (repository_id)
left join awaited using (repository_id)
left join all_windows using (repository_id)
left join sweeps using (repository_id)
left join gaps using (repository_id)
left join last_ingestions using (repository_id)
order by
  repositories.repository,
  repositories.repository_id;
