-- Which workflows got slower or faster, and since when?
-- Over successful first attempts of the 90 days before the newest run's day, which may be
-- incomplete. Every day splits them in two, and the ranks of the runs before it, by duration, say
-- by how many standard deviations the two parts differ: the rank-sum test of Mann and Whitney. The
-- day on which they differ most is a change if they differ by 4.5 or more and the medians by a
-- tenth and ten seconds. Before that, the deviations are divided by how much more the days within
-- a part differ from each other than chance allows: runs of one day have too much in common to be
-- counted one by one. Pettitt's test, on daily medians, finds less with as many false alarms.
create view duration_shifts as
with newest as (
  select date_trunc('day', max(created_at) at time zone 'UTC') as day
  from workflow_runs
),
ranked as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    day,
    duration_seconds,
    count(*) over series as runs,
    (
      rank() over (series order by duration_seconds)
      + (count(*) over (series_and_duration) - 1) / 2.0
    )::double precision as rank
  from attempts
  where created_at >= (select (day - interval '90 days') at time zone 'UTC' from newest)
    and created_at < (select day at time zone 'UTC' from newest)
    and is_first_attempt
    and is_success
    and duration_seconds is not null
  window
    series as (partition by repository_id, repository, workflow_id, workflow, branch_class),
    series_and_duration as (
      partition by repository_id, repository, workflow_id, workflow, branch_class, duration_seconds
    )
),
placed as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    day,
    duration_seconds,
    runs,
    rank,
    dense_rank() over (series order by day) - 1 as days_before,
    count(*) over earlier as runs_before,
    sum(rank) over earlier as ranks_before,
    avg(rank) over (series_and_day) as mean_rank_of_day
  from ranked
  window
    series as (partition by repository_id, repository, workflow_id, workflow, branch_class),
    series_and_day as (
      partition by repository_id, repository, workflow_id, workflow, branch_class, day
    ),
    earlier as (
      partition by repository_id, repository, workflow_id, workflow, branch_class
      order by day
      groups between unbounded preceding and 1 preceding
    )
),
split as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    day,
    duration_seconds,
    runs,
    rank,
    mean_rank_of_day,
    case
      when days_before >= 7 and max(days_before) over (series) - days_before >= 6
        then abs(ranks_before - runs_before * (runs + 1) / 2.0)
          / sqrt(runs_before * (runs - runs_before) * (runs + 1) / 12.0)
    end as deviations
  from placed
  window series as (partition by repository_id, repository, workflow_id, workflow, branch_class)
),
marked as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    day,
    duration_seconds,
    runs,
    rank,
    mean_rank_of_day,
    first_value(day) over clearest as changed_on,
    first_value(deviations) over clearest as deviations
  from split
  window
    clearest as (
      partition by repository_id, repository, workflow_id, workflow, branch_class
      order by
        deviations desc nulls last,
        day
    )
),
parted as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    day,
    duration_seconds,
    runs,
    mean_rank_of_day,
    changed_on,
    deviations,
    avg(rank) over (
      partition by repository_id, repository, workflow_id, workflow, branch_class, day >= changed_on
    ) as mean_rank_of_part
  from marked
  where deviations >= 4.5
),
changes as (
  select
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    changed_on,
    percentile_cont(0.5) within group (order by duration_seconds)
      filter (where day < changed_on) as before_seconds,
    percentile_cont(0.5) within group (order by duration_seconds)
      filter (where day >= changed_on) as after_seconds,
    count(*) filter (where day < changed_on) as before_runs,
    count(*) filter (where day >= changed_on) as after_runs,
    deviations / sqrt(
      greatest(
        1,
        sum((mean_rank_of_day - mean_rank_of_part) ^ 2)
        / (count(distinct day) - 2) / (runs::double precision * (runs + 1) / 12)
      )
    ) as deviations
  from parted
  group by
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    changed_on,
    deviations,
    runs
)
select
  repository_id,
  repository,
  workflow_id,
  workflow,
  branch_class,
  changed_on,
  round(before_seconds)::bigint as before_seconds,
  round(after_seconds)::bigint as after_seconds,
  round((100 * (after_seconds / nullif(before_seconds, 0) - 1))::numeric, 1) as change_percent,
  before_runs,
  after_runs,
  round(deviations::numeric, 1) as deviations
from changes
where deviations >= 4.5
  and abs(after_seconds - before_seconds) >= greatest(10, before_seconds / 10);

comment on view duration_shifts is
  'One row per workflow and kind of branch whose successful first attempts got slower or faster within the 90 days before the newest run''s day: the clearest such change, with at least seven days with runs on either side.';
comment on column duration_shifts.repository_id is
  'GitHub''s id of the repository; it stays when the repository is renamed.';
comment on column duration_shifts.repository is
  'owner/name as GitHub gave it last; unnamed where it gave none.';
comment on column duration_shifts.workflow_id is
  'GitHub''s id of the workflow; it stays when the file is renamed.';
comment on column duration_shifts.workflow is
  'The name of the workflow to show, as in attempts. Two workflows may share it; workflow_id tells them apart.';
comment on column duration_shifts.branch_class is
  'pull_request, default or other, as in attempts.';
comment on column duration_shifts.changed_on is
  'The first day, in UTC, of the new duration; found to within a few days where runs are few.';
comment on column duration_shifts.before_seconds is
  'The median duration of the runs before changed_on, in seconds.';
comment on column duration_shifts.after_seconds is
  'The median duration of the runs since changed_on, in seconds.';
comment on column duration_shifts.change_percent is
  'By how many percent the median grew; negative where it got faster.';
comment on column duration_shifts.before_runs is
  'How many runs before_seconds is the median of.';
comment on column duration_shifts.after_runs is
  'How many runs after_seconds is the median of.';
comment on column duration_shifts.deviations is
  'How clear the change is: its size in standard deviations of what chance does where nothing changes. At least 4.5.';
