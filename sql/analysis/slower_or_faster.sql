-- Which workflows got slower or faster, since which run, and by which job or step?
-- Successful first attempts of the 90 days before the end of the period. A lasting change is found
-- by the rank-sum test between stretches of 7, 14, 28 or 45 days on either side. Deviations are
-- divided by how much the variation between days exceeds chance. Of few runs, it is also found if
-- the medians of all days since lie above, or all below, those of all days before: at least 7 days
-- on each side, and 28 in all. A fresh change (is_fresh), with fewer than seven days since, needs
-- 20 runs, or four days whose medians all lie above, or all below, those of the days before. Their
-- median must be four standard deviations from those of the days before, or, of 20 runs, back at
-- the level before the last change. If weekends differ clearly, only weekdays are searched for it.
-- A lasting change must move the median by at least a tenth and ten seconds, a fresh one by a
-- quarter. A slow drift, or a level that wanders from day to day, may be reported as a change.
-- before_seconds and after_seconds are the medians before and since the change; estimated counts
-- their runs whose jobs are not stored, so that their end may be too late. A workflow can change
-- more than once: is_last marks its newest change, is_mended a change that led back to the level
-- before the preceding one. job is the job whose median changed most nearly by as many seconds as
-- that of the runs, in the same direction and by at least a quarter of it; carried_by says whether
-- its work or its queue did. job_before_seconds is NULL if the job is new. step is the step of that
-- job that changed most. job and step are NULL if no job changed enough, or none is stored. Most
-- likely the change came, in one step or several, after commit_before and no later than
-- commit_since: the less it stands out, the more commits are between them. If two steps are within
-- a few days, one may lie outside these commits.
--   psql "$DATABASE_URL" -f sql/analysis/slower_or_faster.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
runs as (
  select
    concat_ws('/', attempts.repository_id, attempts.workflow_id, attempts.branch_class) as series,
    attempts.repository_id,
    attempts.repository,
    attempts.workflow_id,
    attempts.workflow,
    attempts.branch_class,
    attempts.github_run_id,
    attempts.commit_sha,
    attempts.created_at,
    (attempts.created_at at time zone period.time_zone)::date as day,
    attempts.duration_seconds,
    attempts.is_exact,
    (
      rank() over (of_series order by attempts.duration_seconds)
      + (count(*) over (of_duration) - 1) / 2.0
    )::double precision as rank
  from attempts
  cross join period
  where attempts.created_at >= period.until - interval '90 days'
    and attempts.created_at < period.until
    and (period.repository_ids is null or attempts.repository_id = any(period.repository_ids))
    and attempts.is_first_attempt
    and attempts.is_success
    and attempts.duration_seconds is not null
  window
    of_series as (
      partition by attempts.repository_id, attempts.workflow_id, attempts.branch_class
    ),
    of_duration as (
      partition by
        attempts.repository_id,
        attempts.workflow_id,
        attempts.branch_class,
        attempts.duration_seconds
    )
),
days as (
  select
    series,
    day,
    ln(greatest(percentile_cont(0.5) within group (order by duration_seconds), 1)) as log_p50,
    row_number() over by_day as place,
    count(*) over (partition by series) as days,
    sum(count(*)) over by_day as runs,
    sum(sum(rank)) over by_day as ranks,
    sum(sum(rank * rank)) over by_day as squares,
    sum(sum(rank) * avg(rank)) over by_day as squares_of_days
  from runs
  group by
    series,
    day
  window by_day as (partition by series order by day)
),
stretched as (
  select
    days.series,
    days.day,
    days.place,
    stretch,
    least(stretch, place - 1) as days_before,
    least(stretch, days.days - place + 1) as days_after,
    lag(runs, 1, 0) over by_day as runs_to,
    lag(ranks, 1, 0) over by_day as ranks_to,
    lag(runs, stretch + 1, 0) over by_day as runs_from,
    lag(ranks, stretch + 1, 0) over by_day as ranks_from,
    lag(squares, stretch + 1, 0) over by_day as squares_from,
    lag(squares_of_days, stretch + 1, 0) over by_day as squares_of_days_from,
    coalesce(lead(runs, stretch - 1) over by_day, max(runs) over of_series) as runs_until,
    coalesce(lead(ranks, stretch - 1) over by_day, max(ranks) over of_series) as ranks_until,
    coalesce(lead(squares, stretch - 1) over by_day, max(squares) over of_series) as squares_until,
    coalesce(
      lead(squares_of_days, stretch - 1) over by_day, max(squares_of_days) over of_series
    ) as squares_of_days_until,
    min(log_p50) over before as low_before,
    max(log_p50) over before as high_before,
    min(log_p50) over since as low_since,
    max(log_p50) over since as high_since
  from days
  cross join (values (7), (14), (28), (45)) as stretches (stretch)
  window
    of_series as (partition by series, stretch),
    by_day as (partition by series, stretch order by place),
    before as (by_day rows between 28 preceding and 1 preceding),
    since as (by_day rows between current row and 27 following)
),
clear as (
  select
    series,
    day,
    place,
    stretch,
    -- Of equally clear days, the first one counts.
    judged.deviations - 1e-9 * place as deviations
  from stretched
  cross join lateral (
    select
      (runs_to - runs_from)::double precision as runs_before,
      (runs_until - runs_to)::double precision as runs_after,
      ranks_to - ranks_from as ranks_before,
      ranks_until - ranks_to as ranks_after
  ) as sums
  cross join lateral (
    select
      (
        squares_until - squares_from
        - (ranks_before + ranks_after) ^ 2 / (runs_before + runs_after)
      ) / (runs_before + runs_after - 1) as of_runs,
      (
        squares_of_days_until - squares_of_days_from
        - ranks_before ^ 2 / runs_before - ranks_after ^ 2 / runs_after
      ) / (days_before + days_after - 2) as of_days
  ) as variances
  cross join lateral (
    select
      abs(ranks_before / runs_before - ranks_after / runs_after)
        / sqrt(greatest(of_runs, of_days) * (1 / runs_before + 1 / runs_after)) as deviations
  ) as judged
  where days_before >= 7
    and days_after >= 7
    and of_runs > 0
    and (
      judged.deviations >= case when stretch = 7 then 5.8 else 5.3 end
      -- Of few runs, no sum of ranks is clear enough, however large the change.
      or stretch = 28
      and days_before + days_after >= 28
      and (low_since > high_before or high_since < low_before)
    )
),
peaks as (
  select
    series,
    day,
    place,
    stretch
  from clear
  where not exists (
    select 1
    from clear as higher
    where higher.series = clear.series
      and higher.stretch = clear.stretch
      and abs(higher.place - clear.place) <= clear.stretch
      and higher.deviations > clear.deviations
  )
),
-- A change that a shorter stretch found nearby is the same change found again.
lasting as materialized (
  select
    series,
    day
  from peaks
  where not exists (
    select 1
    from peaks as shorter
    where shorter.series = peaks.series
      and shorter.stretch < peaks.stretch
      and abs(shorter.place - peaks.place) < peaks.stretch
  )
),
newest_lasting as (
  select
    series,
    max(day) as day
  from lasting
  group by
    series
),
-- Where weekends differ clearly from weekdays, only weekdays are compared with the newest days.
days_alike as materialized (
  select
    series,
    day,
    log_p50,
    row_number() over (partition by series order by day) as place,
    count(*) over (partition by series) as days
  from days
  where extract(isodow from day) < 6
    or series not in (
      select series
      from days
      left join newest_lasting using (series)
      cross join lateral (
        select case when extract(isodow from days.day) < 6 then days.log_p50 end as log_p50
      ) as weekdays
      -- The newest days, which may have changed, do not show how weekends usually are.
      where days.place between days.days - 41 and days.days - 6
        and days.day >= coalesce(newest_lasting.day, '-infinity')
      group by series
      having count(*) - count(weekdays.log_p50) >= 4
        and abs(
          percentile_cont(0.5) within group (order by days.log_p50)
            filter (where weekdays.log_p50 is null)
          - percentile_cont(0.5) within group (order by weekdays.log_p50)
        ) >= greatest(
          percentile_cont(0.84) within group (order by weekdays.log_p50)
          - percentile_cont(0.16) within group (order by weekdays.log_p50),
          ln(1.1)
        )
    )
),
references_of_days as materialized (
  select
    days_alike.series,
    ages.age,
    avg(days_alike.log_p50) as mean,
    greatest(stddev_samp(days_alike.log_p50), 0.02) as deviation,
    min(days_alike.log_p50) as lowest,
    max(days_alike.log_p50) as highest
  from days_alike
  cross join generate_series(1, 6) as ages (age)
  left join newest_lasting using (series)
  where days_alike.place between days_alike.days - ages.age - 27 and days_alike.days - ages.age
    and days_alike.day >= coalesce(newest_lasting.day, '-infinity')
  group by
    days_alike.series,
    ages.age
  having count(*) >= 14
),
newest as materialized (
  select
    runs.series,
    ages.age,
    min(runs.day) as day,
    max(runs.day) as last_day,
    count(*) as runs,
    min(days_alike.log_p50) as lowest,
    max(days_alike.log_p50) as highest,
    ln(greatest(percentile_cont(0.5) within group (order by runs.duration_seconds), 1)) as log_p50
  from runs
  inner join days_alike using (series, day)
  inner join generate_series(1, 6) as ages (age) on days_alike.days - days_alike.place < ages.age
  group by
    runs.series,
    ages.age
),
fresh as (
  select distinct on (series)
    series,
    newest.day
  from newest
  inner join references_of_days using (series, age)
  where abs(newest.log_p50 - references_of_days.mean)
    >= greatest(4 * references_of_days.deviation, ln(1.25))
    and (
      newest.runs >= 20
      -- Of fewer runs, one that took long moves their median.
      or newest.age >= 4 and (
        newest.lowest > references_of_days.highest or newest.highest < references_of_days.lowest
      )
    )
  order by
    series,
    abs(newest.log_p50 - references_of_days.mean) / references_of_days.deviation desc,
    age
),
found as materialized (
  select
    series,
    day
  from lasting
  union
  select
    series,
    day
  from fresh
),
-- Too soon after the last change to have a level of their own: days back at the level before that
-- change, or as far from the level since it as any other change must be.
last_found as materialized (
  select
    found.series,
    found.day,
    found.previous_day,
    case
      when count(days.day) >= 7 then greatest(stddev_samp(days.log_p50), 0.02)
    end as deviation
  from (
    select
      series,
      max(day) as day,
      coalesce((array_agg(day order by day desc))[2], '-infinity'::date) as previous_day
    from found
    group by
      series
  ) as found
  left join days
    on days.series = found.series
    and days.day >= greatest(found.previous_day, found.day - 28)
    and days.day < found.day
  group by
    found.series,
    found.day,
    found.previous_day
),
-- Medians of days, because there are far more runs.
recent as materialized (
  select
    series,
    last_found.day as found_day,
    newest.day,
    newest.age,
    newest.log_p50,
    last_found.deviation,
    count(*) filter (where kinds.is_between) as days_between,
    percentile_cont(0.5) within group (order by days.log_p50)
      filter (where kinds.is_before) as log_before,
    -- A weekend can be as fast as weekdays were before, and differ from the days since the change.
    percentile_cont(0.5) within group (order by days.log_p50) filter (
      where kinds.is_before
        and (7 + (days.day - newest.day) % 7) % 7 <= newest.last_day - newest.day
    ) as log_same_days,
    percentile_cont(0.5) within group (order by days.log_p50) filter (
      where kinds.is_between
        and (extract(isodow from newest.day) < 6 or newest.last_day > newest.day + 1
          or extract(isodow from days.day) > 5)
    ) as log_between,
    percentile_cont(0.5) within group (order by days.log_p50) filter (
      where kinds.is_between and days.day >= newest.day - 3
    ) as log_lately
  from last_found
  inner join newest using (series)
  inner join days using (series)
  cross join lateral (
    select
      days.day < last_found.day as is_before,
      days.day >= last_found.day and days.day < newest.day as is_between
  ) as kinds
  where newest.day > last_found.day
    and newest.runs >= 20
    and days.day >= greatest(last_found.previous_day, last_found.day - 28)
  group by
    series,
    last_found.day,
    newest.day,
    newest.age,
    newest.log_p50,
    last_found.deviation
),
mended as (
  select
    recent.series,
    recent.found_day,
    recent.day,
    recent.age,
    recent.log_lately - recent.log_p50 as shift,
    -- The change came after the last day that was as before: the stretches locate it less exactly.
    max(days.day) filter (
      where days.day < recent.day
        and abs(days.log_p50 - recent.log_before) < abs(days.log_p50 - recent.log_lately)
    ) + 1 as since_day
  from (
    select
      series,
      found_day,
      day,
      age,
      log_p50,
      log_before,
      log_lately,
      -- This day and all newer ones are back.
      bool_and(abs(log_p50 - coalesce(log_same_days, log_before)) <= ln(1.1))
        over (partition by series order by age) as is_back
    from recent
  ) as recent
  inner join days using (series)
  cross join lateral (
    select
      extract(isodow from days.day) > 5 as is_weekend,
      days.day >= recent.found_day - 7
        and abs(days.log_p50 - recent.log_before) >= abs(days.log_p50 - recent.log_lately)
        as is_changed
  ) as kinds
  where recent.is_back
    and abs(recent.log_lately - recent.log_before) >= ln(1.25)
    and abs(recent.log_p50 - recent.log_lately) >= ln(1.25)
  group by
    recent.series,
    recent.found_day,
    recent.day,
    recent.age,
    recent.log_lately,
    recent.log_p50
  -- All of the newest days are back, and earlier days of the same kind (weekday, weekend) were not.
  having not coalesce(bool_or(kinds.is_changed) filter (where days.day >= recent.day), false)
    and array_agg(kinds.is_weekend) filter (where days.day >= recent.day)
      && array_agg(kinds.is_weekend) filter (where days.day < recent.day and kinds.is_changed)
),
found_again as materialized (
  select distinct on (series)
    series,
    found_day,
    since_day,
    day
  from (
    select
      series,
      found_day,
      case when since_day < found_day + 7 then since_day else found_day end as since_day,
      day,
      age,
      shift,
      1 as rank
    from mended
    union all
    select
      series,
      found_day,
      -- If the days between were as before that change, both are the same.
      case
        when abs(log_between - log_before) < ln(1.1) or 2 * of_days.own < days_between then day
        else found_day
      end as since_day,
      day,
      age,
      log_p50 - log_between as shift,
      2 as rank
    from recent
    cross join lateral (
      select
        count(*) filter (
          where abs(days.log_p50 - recent.log_between) < abs(days.log_p50 - recent.log_before)
            and abs(days.log_p50 - recent.log_between) < abs(days.log_p50 - recent.log_p50)
        ) as own,
        count(*) filter (
          where abs(days.log_p50 - recent.log_p50) <= abs(days.log_p50 - recent.log_between)
        ) as as_since
      from days
      where days.series = recent.series
        and days.day >= recent.found_day
        and days.day < recent.day
    ) as of_days
    where days_between >= 4
      and abs(log_p50 - log_between) >= greatest(4.5 * deviation, ln(1.25))
      -- Where most of the days between were like these, nothing has changed since.
      and 2 * of_days.as_since < days_between
      and not exists (
        select 1
        from days
        where days.series = recent.series
          and days.day >= recent.day
          and abs(days.log_p50 - recent.log_between) < abs(days.log_p50 - recent.log_p50)
      )
  ) as both_kinds
  order by
    series,
    rank,
    abs(shift) desc,
    age desc
),
bounded as (
  select
    series,
    day,
    lag(day, 1, '-infinity'::date) over by_day as previous_day,
    lead(day, 1, 'infinity'::date) over by_day as next_day
  from (
    select
      found.series,
      coalesce(found_again.since_day, found.day) as day
    from found
    left join found_again
      on found_again.series = found.series
      and found_again.found_day = found.day
    union
    select
      series,
      day
    from found_again
  ) as all_found
  window by_day as (partition by series order by day)
),
runs_of_changed as materialized (
  select
    series,
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    github_run_id,
    commit_sha,
    -- After a pause, that run may be weeks older.
    lag(commit_sha) over (
      partition by series
      order by
        created_at,
        github_run_id
    ) as commit_before,
    created_at,
    day,
    duration_seconds,
    is_exact
  from runs
  where series in (select series from bounded)
),
levels as materialized (
  select
    series,
    bounded.day,
    bounded.previous_day,
    bounded.next_day,
    percentile_cont(0.5) within group (order by runs.duration_seconds)
      filter (where runs.day < bounded.day) as before_seconds,
    percentile_cont(0.5) within group (order by runs.duration_seconds)
      filter (where runs.day >= bounded.day) as after_seconds
  from bounded
  inner join runs_of_changed as runs using (series)
  where runs.day >= bounded.previous_day
    and runs.day < bounded.next_day
  group by
    series,
    bounded.day,
    bounded.previous_day,
    bounded.next_day
),
-- Each run within a week of that day: whether it is beyond the middle of the change, a quarter and
-- three quarters of it, and how many more were than were not before it.
near as materialized (
  select
    series,
    levels.day,
    shares.share,
    runs.created_at,
    runs.github_run_id,
    runs.commit_sha,
    runs.commit_before,
    sides.side,
    coalesce(
      sum(sides.side) over (by_run rows between unbounded preceding and 1 preceding), 0
    ) as side_before
  from levels
  inner join runs_of_changed as runs using (series)
  cross join (values (0.25), (0.5), (0.75)) as shares (share)
  cross join lateral (
    select
      case
        when (
          runs.duration_seconds > levels.before_seconds
            + shares.share * (levels.after_seconds - levels.before_seconds)
        ) = (levels.after_seconds > levels.before_seconds)
          then 1
        else -1
      end as side
  ) as sides
  where runs.day >= greatest(levels.previous_day, levels.day - 7)
    and runs.day < least(levels.next_day, levels.day + 7)
  window
    by_run as (
      partition by series, levels.day, shares.share
      order by
        runs.created_at,
        runs.github_run_id
    )
),
-- Most likely the change came where this is least: at three places if it came in several steps. The
-- more runs are then on the wrong side of its middle, the more places are possible: all whose odds
-- against that one are better than 1 to 20.
limits as (
  select
    series,
    day,
    share,
    created_at,
    github_run_id,
    commit_sha,
    commit_before,
    side_before = least_side as is_likeliest,
    share = 0.5 and side_before <= least_side + ln(20) / ln((1 - wrong) / wrong) as is_possible
  from near
  inner join (
    select
      series,
      day,
      share,
      min(side_before) as least_side,
      -- One more, because of few runs none may be, by chance.
      least((count(*) + 2 * min(side_before) - sum(side) + 2) / (2.0 * count(*) + 4), 0.45) as wrong
    from near
    group by
      series,
      day,
      share
  ) as least_sides using (series, day, share)
),
located as materialized (
  select
    series,
    created_at as changed_at,
    github_run_id,
    commit_sha,
    commit_before,
    lag(created_at, 1, '-infinity'::timestamptz) over by_time as previous_at,
    lead(created_at, 1, 'infinity'::timestamptz) over by_time as next_at
  from (
    select
      series,
      min(created_at) filter (where is_likeliest and share = 0.5) as created_at,
      (array_agg(github_run_id order by created_at, github_run_id)
        filter (where is_likeliest and share = 0.5))[1] as github_run_id,
      (array_agg(commit_before order by created_at, github_run_id))[1] as commit_before,
      (array_agg(commit_sha order by created_at desc, github_run_id desc))[1] as commit_sha
    from limits
    where is_likeliest
      or is_possible
    group by
      series,
      day
  ) as firsts
  window by_time as (partition by series order by created_at)
),
changes as materialized (
  select
    series,
    located.changed_at,
    located.previous_at,
    located.next_at,
    located.github_run_id,
    located.commit_sha,
    located.commit_before,
    max(runs.repository_id) as repository_id,
    max(runs.repository) as repository,
    max(runs.workflow_id) as workflow_id,
    max(runs.branch_class) as branch_class,
    (array_agg(runs.workflow order by runs.created_at desc))[1] as workflow,
    percentile_cont(0.5) within group (order by runs.duration_seconds)
      filter (where runs.created_at < located.changed_at) as before_seconds,
    percentile_cont(0.5) within group (order by runs.duration_seconds)
      filter (where runs.created_at >= located.changed_at) as after_seconds,
    count(*) filter (where runs.created_at < located.changed_at) as before_runs,
    count(*) filter (where runs.created_at >= located.changed_at) as after_runs,
    count(*) filter (where not runs.is_exact) as estimated,
    count(distinct runs.day) filter (where runs.created_at >= located.changed_at) < 7 as is_fresh
  from located
  inner join runs_of_changed as runs using (series)
  where runs.created_at >= located.previous_at
    and runs.created_at < located.next_at
  group by
    series,
    located.changed_at,
    located.previous_at,
    located.next_at,
    located.github_run_id,
    located.commit_sha,
    located.commit_before
),
shifts as materialized (
  select
    series,
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    is_fresh,
    changed_at,
    changed_at >= period.since as is_in_period,
    (changed_at at time zone period.time_zone)::date as changed_on,
    greatest(previous_at, period.until - interval '90 days') as previous_at,
    least(next_at, period.until) as next_at,
    github_run_id,
    commit_sha,
    commit_before,
    before_seconds,
    after_seconds,
    after_seconds - before_seconds as shift,
    before_runs,
    after_runs,
    estimated,
    lead(changed_at) over by_time is null as is_last,
    coalesce(
      abs(after_seconds - lag(before_seconds) over by_time)
        <= greatest(10, lag(before_seconds) over by_time / 10),
      false
    ) as is_mended
  from changes
  cross join period
  where abs(after_seconds - before_seconds)
    >= greatest(10, before_seconds / case when is_fresh then 4 else 10 end)
  window by_time as (partition by series order by changed_at)
),
jobs as materialized (
  select
    named.series,
    executed_jobs.created_at,
    executed_jobs.job,
    executed_jobs.duration_seconds,
    -- Over a day: a wait for an approval, which the time of the run includes.
    coalesce(
      executed_jobs.queue_seconds,
      extract(epoch from executed_jobs.started_at - executed_jobs.queued_at)
    ) as queue_seconds
  from executed_jobs
  cross join period
  cross join lateral (
    select
      concat_ws(
        '/', executed_jobs.repository_id, executed_jobs.workflow_id, executed_jobs.branch_class
      ) as series
  ) as named
  where executed_jobs.created_at >= period.until - interval '90 days'
    and executed_jobs.created_at < period.until
    and executed_jobs.repository_id = any(
      array(select repository_id from shifts where is_in_period)
    )
    and named.series = any(array(select series from shifts where is_in_period))
    and executed_jobs.is_first_attempt
    and executed_jobs.is_success
),
job_changes as materialized (
  select
    series,
    shifts.changed_at,
    shifts.shift,
    jobs.job,
    10 * count(*) filter (where jobs.created_at < shifts.changed_at)
      >= max(count(*) filter (where jobs.created_at < shifts.changed_at)) over of_change
      as is_usual_before,
    10 * count(*) filter (where jobs.created_at >= shifts.changed_at)
      >= max(count(*) filter (where jobs.created_at >= shifts.changed_at)) over of_change
      as is_usual_since,
    percentile_cont(0.5) within group (order by jobs.duration_seconds)
      filter (where jobs.created_at < shifts.changed_at) as before_seconds,
    percentile_cont(0.5) within group (order by jobs.duration_seconds)
      filter (where jobs.created_at >= shifts.changed_at) as after_seconds,
    percentile_cont(0.5) within group (order by jobs.queue_seconds)
      filter (where jobs.created_at < shifts.changed_at) as before_queue_seconds,
    percentile_cont(0.5) within group (order by jobs.queue_seconds)
      filter (where jobs.created_at >= shifts.changed_at) as after_queue_seconds
  from shifts
  inner join jobs using (series)
  where shifts.is_in_period
    and jobs.created_at >= shifts.previous_at
    and jobs.created_at < shifts.next_at
  group by
    series,
    shifts.changed_at,
    shifts.shift,
    jobs.job
  window of_change as (partition by series, shifts.changed_at)
),
moves as (
  select
    series,
    changed_at,
    shift,
    carried_by,
    job,
    from_seconds,
    to_seconds,
    -- A job is new or gone only if others are stored on that side.
    coalesce(
      to_seconds, case when carried_by = 'work' and max(to_seconds) over of_part > 0 then 0 end
    )
    - coalesce(
      from_seconds, case when carried_by = 'work' and max(from_seconds) over of_part > 0 then 0 end
    ) as seconds
  from job_changes
  cross join lateral (
    values
      ('work', before_seconds, after_seconds),
      ('queue', before_queue_seconds, after_queue_seconds)
  ) as parts (carried_by, of_job_before, of_job_since)
  -- The change lies within some runs: what only a few on a side have is of the other one.
  cross join lateral (
    select
      case when is_usual_before then of_job_before end as from_seconds,
      case when is_usual_since then of_job_since end as to_seconds
  ) as usual
  window of_part as (partition by series, changed_at, carried_by)
),
carriers as materialized (
  select distinct on (series, changed_at)
    series,
    changed_at,
    carried_by,
    job,
    from_seconds,
    to_seconds
  from moves
  where seconds * sign(shift) >= abs(shift) / 4
  order by
    series,
    changed_at,
    -- A job can change by more, as a new one does, and still end before another.
    abs(abs(seconds) - abs(shift)),
    carried_by desc,
    job
),
steps_of_carriers as materialized (
  select
    named.series,
    executed_steps.created_at,
    executed_steps.job,
    executed_steps.step,
    executed_steps.duration_seconds
  from executed_steps
  cross join period
  cross join lateral (
    select
      concat_ws(
        '/', executed_steps.repository_id, executed_steps.workflow_id, executed_steps.branch_class
      ) as series
  ) as named
  where executed_steps.created_at >= period.until - interval '90 days'
    and executed_steps.created_at < period.until
    and executed_steps.repository_id = any(
      array(select repository_id from shifts where is_in_period)
    )
    and named.series = any(array(select series from carriers))
    and executed_steps.job = any(array(select job from carriers where carried_by = 'work'))
    and executed_steps.is_first_attempt
    and executed_steps.job_is_success
),
step_changes as materialized (
  select
    series,
    changed_at,
    shifts.shift,
    steps.step,
    percentile_cont(0.5) within group (order by steps.duration_seconds)
      filter (where steps.created_at < changed_at) as before_seconds,
    percentile_cont(0.5) within group (order by steps.duration_seconds)
      filter (where steps.created_at >= changed_at) as after_seconds
  from carriers
  inner join shifts using (series, changed_at)
  inner join steps_of_carriers as steps using (series, job)
  where carriers.carried_by = 'work'
    and steps.created_at >= shifts.previous_at
    and steps.created_at < shifts.next_at
  group by
    series,
    changed_at,
    shifts.shift,
    steps.step
),
steps as (
  select distinct on (series, changed_at)
    series,
    changed_at,
    step,
    before_seconds,
    after_seconds
  from step_changes
  where sign(coalesce(after_seconds, 0) - coalesce(before_seconds, 0)) = sign(shift)
  order by
    series,
    changed_at,
    abs(coalesce(after_seconds, 0) - coalesce(before_seconds, 0)) desc,
    step
)
select
  shifts.repository,
  shifts.workflow,
  shifts.branch_class,
  shifts.changed_on,
  shifts.changed_at,
  round(
    (100 * (shifts.after_seconds / nullif(shifts.before_seconds, 0) - 1))::numeric, 1
  ) as change_percent,
  round(shifts.before_seconds::numeric)::bigint as before_seconds,
  round(shifts.after_seconds::numeric)::bigint as after_seconds,
  shifts.before_runs,
  shifts.after_runs,
  shifts.estimated,
  shifts.is_fresh,
  shifts.is_last,
  shifts.is_mended,
  carriers.carried_by,
  carriers.job,
  round(carriers.from_seconds::numeric)::bigint as job_before_seconds,
  round(carriers.to_seconds::numeric)::bigint as job_after_seconds,
  steps.step,
  shifts.commit_before,
  shifts.commit_sha as commit_since,
  shifts.repository_id,
  shifts.workflow_id,
  shifts.github_run_id
from shifts
left join carriers using (series, changed_at)
left join steps using (series, changed_at)
where shifts.is_in_period
order by
  abs(shifts.shift) * shifts.after_runs desc,
  shifts.repository,
  shifts.workflow,
  shifts.branch_class,
  shifts.changed_at;
