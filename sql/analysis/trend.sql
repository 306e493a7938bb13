-- What changed against the period of equal length before, like for like, by more than chance?
-- Chance is judged by ranks and by days, because the runs of a day are correlated, and so is a day
-- with the three before it. Without a real change, better or worse is reported once in a hundred
-- times, or several times if a level often lasts for days. Each period needs 20 runs on five days.
-- Only what is in both periods counts, so a new, quick workflow changes nothing. No change below 1
-- is clear, and none of time or queue below 1.5 seconds. The shares are success (of first
-- attempts), success in the end (of latest attempts) and rerun. The medians are time (of successful
-- first attempts), time of a commit (as in time_to_last_check) and queue (as in queue_times). If
-- subject is NULL, the row is about the whole repository: an average over its workflows by
-- branch_class, or over its commits by the workflows that ran on them, weighted by the runs of the
-- period. Its queue is the median of all its jobs, and in before each runner label has the weight
-- that it has in the period. unit is that of before and now. change is in percentage points for
-- shares, in percent for times (NULL if before is 0). would_show is the least change that is found
-- about four times in five; it is NULL where a change at least as large was found to be chance:
-- times with two peaks, whose median jumps from one to the other.
--   psql "$DATABASE_URL" -f sql/analysis/trend.sql
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
    repository_id,
    repository,
    coalesce(workflow_id, 0) as workflow_id,
    workflow,
    branch_class,
    commit_sha,
    created_at,
    (created_at at time zone period.time_zone)::date as day,
    created_at >= period.since as is_now,
    case when run_attempt > 1 then started_at end as approved_at,
    completed_at,
    duration_seconds,
    is_of_push,
    is_first_attempt,
    is_latest_attempt,
    is_decided,
    is_broken,
    is_success,
    is_rerun,
    is_first_missing
  from attempts
  cross join period
  where created_at >= period.since - (period.until - period.since)
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and conclusion is distinct from 'skipped'
),
checks as (
  select
    repository_id,
    branch_class,
    commit_sha,
    workflow_id,
    created_at,
    min(created_at) over (partition by repository_id, branch_class, commit_sha) as pushed_at,
    day,
    is_now,
    approved_at,
    completed_at,
    is_decided and is_first_attempt and not is_broken as is_decided,
    bool_and(is_broken) over of_workflow as is_no_check,
    bool_or(is_now) over of_workflow and not bool_and(is_now) over of_workflow as is_of_both
  from runs
  where (is_first_attempt or (is_first_missing and is_latest_attempt))
    and is_of_push
    and commit_sha is not null
  window of_workflow as (partition by repository_id, branch_class, workflow_id)
),
commits as (
  select
    repository_id,
    branch_class,
    array_agg(distinct workflow_id order by workflow_id) as workflow_ids,
    min(day) as day,
    bool_and(is_now) as is_now,
    extract(
      epoch from case
        when count(approved_at) > 0 then max(completed_at - coalesce(approved_at, pushed_at))
        else max(completed_at) - min(pushed_at)
      end
    ) as seconds
  from checks
  where created_at < pushed_at + interval '10 minutes'
    and is_of_both
    and not is_no_check
  group by
    repository_id,
    branch_class,
    commit_sha
  having bool_and(is_decided)
),
waits as (
  select
    repository_id,
    runner_label,
    created_at,
    queue_seconds,
    coalesce(
      queue_seconds > 120
      and started_at - min(started_at) over (
        partition by repository_id, runner_label
        order by queued_at desc
        range between unbounded preceding and interval '60 seconds' preceding
      ) > interval '60 seconds',
      false
    ) as is_held
  from labelled_jobs
  cross join period
  where created_at >= period.since - (period.until - period.since)
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and queue_seconds is not null
),
waits_by_label as materialized (
  select
    repository_id,
    coalesce(runner_label, 'no label') collate "C" as label,
    created_at >= period.since as is_now,
    (created_at at time zone period.time_zone)::date as day,
    queue_seconds,
    count(*)::double precision as jobs
  from waits
  cross join period
  where not is_held
  group by
    repository_id,
    label,
    is_now,
    day,
    queue_seconds
),
observed as (
  select
    -- The byte order makes the many sorts below fast.
    figure collate "C" as figure,
    repository_id,
    concat_ws('/', workflow_id, branch_class) collate "C" as stratum,
    workflow as subject,
    branch_class,
    is_now,
    day,
    is_share,
    value::double precision as value,
    -- Sums of integers are numeric, whose arithmetic takes several times as long.
    count(*)::double precision as runs
  from runs
  cross join lateral (
    values
      (
        'success',
        true,
        case when is_first_attempt and is_decided then 100 * is_success::integer end
      ),
      (
        'success in the end',
        true,
        case when is_latest_attempt and is_decided then 100 * is_success::integer end
      ),
      ('rerun', true, case when is_latest_attempt then 100 * is_rerun::integer end),
      ('time', false, case when is_first_attempt and is_success then duration_seconds end)
  ) as figures (figure, is_share, value)
  where value is not null
  group by
    figure,
    repository_id,
    workflow_id,
    workflow,
    branch_class,
    is_now,
    day,
    is_share,
    value
  union all
  select
    'time of a commit',
    repository_id,
    concat_ws('/', branch_class, workflow_ids) collate "C",
    null,
    branch_class,
    is_now,
    day,
    false,
    seconds,
    1
  from commits
  where seconds is not null
  union all
  select
    'queue',
    repository_id,
    label,
    label,
    null,
    is_now,
    day,
    false,
    queue_seconds,
    jobs
  from waits_by_label
),
-- The wait of all labels together. Each counts before as much as in the period.
weights_of_labels as (
  select
    repository_id,
    label,
    sum(jobs) filter (where is_now) / sum(jobs) filter (where not is_now) as weight_before
  from waits_by_label
  group by
    repository_id,
    label
),
ranked_waits as (
  select
    waits_by_label.repository_id,
    waits_by_label.is_now,
    waits_by_label.queue_seconds,
    sum(sum(counted.jobs)) over (of_period order by waits_by_label.queue_seconds) as ranks,
    sum(sum(counted.jobs)) over of_period as all_jobs
  from waits_by_label
  inner join weights_of_labels using (repository_id, label)
  cross join lateral (
    select
      waits_by_label.jobs
      * case when waits_by_label.is_now then 1 else weights_of_labels.weight_before end as jobs
  ) as counted
  where weights_of_labels.weight_before is not null
  group by
    waits_by_label.repository_id,
    waits_by_label.is_now,
    waits_by_label.queue_seconds
  window of_period as (partition by waits_by_label.repository_id, waits_by_label.is_now)
),
median_waits as (
  select
    repository_id,
    (
      min(queue_seconds) filter (where not is_now and 2 * ranks >= all_jobs)
      + min(queue_seconds) filter (where not is_now and 2 * ranks > all_jobs)
    ) / 2.0 as before,
    (
      min(queue_seconds) filter (where is_now and 2 * ranks >= all_jobs)
      + min(queue_seconds) filter (where is_now and 2 * ranks > all_jobs)
    ) / 2.0 as now
  from ranked_waits
  group by repository_id
),
ranked as (
  select
    figure,
    repository_id,
    stratum,
    max(subject) as subject,
    max(branch_class) as branch_class,
    is_share,
    is_now,
    day,
    value,
    sum(runs) as runs,
    sum(sum(runs)) over (of_value) as equal,
    sum(sum(runs)) over (of_stratum order by value) as ranks,
    sum(sum(runs)) over (of_stratum) as all_runs,
    sum(sum(runs)) over (of_period order by value) as ranks_of_period,
    sum(sum(runs)) over (of_period) as runs_of_period
  from observed
  group by
    figure,
    repository_id,
    stratum,
    is_share,
    is_now,
    day,
    value
  window
    of_stratum as (partition by figure, repository_id, stratum),
    of_value as (partition by figure, repository_id, stratum, value),
    of_period as (partition by figure, repository_id, stratum, is_now)
),
days as (
  select
    figure,
    repository_id,
    stratum,
    max(subject) as subject,
    max(branch_class) as branch_class,
    is_share,
    is_now,
    day,
    runs_of_period,
    sum(runs) as runs,
    sum(runs * (ranks - equal / 2) / all_runs) as ranks,
    sum(runs * ((ranks - equal / 2) / all_runs) ^ 2) as squares,
    sum(sum(runs * (ranks - equal / 2) / all_runs)) over of_period / runs_of_period as mean_rank,
    case
      when is_share then sum(sum(runs * value)) over of_period / runs_of_period
      else (
        min(min(value) filter (where 2 * ranks_of_period >= runs_of_period)) over of_period
        + min(min(value) filter (where 2 * ranks_of_period > runs_of_period)) over of_period
      ) / 2
    end as level,
    min(min(value) filter (where 4 * ranks >= all_runs)) over of_stratum as low,
    min(min(value) filter (where 4 * ranks >= 3 * all_runs)) over of_stratum as high,
    count(*) over of_stratum as rows_of_stratum
  from ranked
  group by
    figure,
    repository_id,
    stratum,
    is_share,
    is_now,
    day,
    runs_of_period
  window
    of_stratum as (partition by figure, repository_id, stratum),
    of_period as (partition by figure, repository_id, stratum, is_now)
),
compared as (
  select
    figure,
    repository_id,
    stratum,
    subject,
    branch_class,
    is_share,
    is_now,
    day,
    (ranks - runs * mean_rank) / runs_of_period as deviation,
    -- Of both periods together, as if nothing had changed: one in which all of a few runs ended
    -- alike would seem to be certain. The mean of all ranks is a half.
    runs * (sum(squares) over of_stratum / sum(runs) over of_stratum - 0.25) / runs_of_period ^ 2
      as variance,
    max(runs_of_period) filter (where not is_now) over of_stratum as runs_before,
    max(runs_of_period) filter (where is_now) over of_stratum as runs,
    max(level) filter (where not is_now) over of_stratum as before,
    max(level) filter (where is_now) over of_stratum as now,
    max(mean_rank) filter (where is_now) over of_stratum
    - max(mean_rank) filter (where not is_now) over of_stratum as rise,
    -- How much a value grows with its rank, from the quartiles, as if values were log-normal.
    case
      when is_share then 200
      else 100 * 3.54 / 1.35 * ln(greatest(high, 1) / greatest(low, 1))
    end as spread,
    rows_of_stratum
  from days
  window of_stratum as (partition by figure, repository_id, stratum)
),
-- Each stratum by itself, and all of a repository together; times count by how long they are.
days_of_groups as (
  select
    figure,
    repository_id,
    groups.of_stratum,
    max(subject) as subject,
    max(branch_class) as branch_class,
    is_share,
    is_now,
    day,
    sum(weight * deviation) as deviation,
    lag(sum(weight * deviation), 1, 0) over by_day as one_before,
    lag(sum(weight * deviation), 2, 0) over by_day as two_before,
    lag(sum(weight * deviation), 3, 0) over by_day as three_before,
    sum(weight ^ 2 * variance) as variance,
    sum(weight / rows_of_stratum) as weight,
    sum(weight * rise / rows_of_stratum) as rise,
    sum(weight * spread / rows_of_stratum) as spread,
    sum(runs_before::double precision / rows_of_stratum) as runs_before,
    sum(runs::double precision / rows_of_stratum) as runs,
    sum(runs * before / rows_of_stratum) as before,
    sum(runs * now / rows_of_stratum) as now
  from compared
  cross join lateral (
    values (
      runs::double precision
      * case when is_share or figure = 'queue' then 1 else greatest(before, 1) end
    )
  ) as weights (weight)
  cross join lateral (
    select stratum as of_stratum
    where figure in ('success', 'time', 'queue')
    union all
    select case when figure = 'time of a commit' then branch_class end
  ) as groups
  where before is not null
    and now is not null
  group by
    figure,
    repository_id,
    groups.of_stratum,
    is_share,
    is_now,
    day
  window by_day as (
    partition by figure, repository_id, groups.of_stratum, is_now order by day
  )
),
periods as (
  select
    figure,
    repository_id,
    of_stratum,
    max(subject) as subject,
    max(branch_class) as branch_class,
    is_share,
    count(*) as days,
    greatest(
      sum(variance),
      sum(deviation ^ 2),
      sum(deviation ^ 2 + deviation * (1.5 * one_before + two_before + 0.5 * three_before))
    ) * count(*) / greatest(count(*) - 1, 1) as variance,
    sum(weight) as weight,
    sum(rise) as rise,
    sum(spread) as spread,
    sum(runs_before) as runs_before,
    sum(runs) as runs,
    sum(before) as before,
    sum(now) as now
  from days_of_groups
  group by
    figure,
    repository_id,
    of_stratum,
    is_share,
    is_now
),
-- Once, however few repositories the planner expects to join it with.
changes as materialized (
  select
    figure,
    repository_id,
    of_stratum,
    case when of_stratum is not null then max(subject) end as subject,
    case when of_stratum is not null then max(branch_class) end as branch_class,
    case when is_share then 'percent' else 'seconds' end as unit,
    sum(runs_before) as runs_before,
    sum(runs) as runs,
    sum(before) / sum(runs) as before,
    sum(now) / sum(runs) as now,
    sum(rise) / nullif(sum(weight), 0) as rise,
    sum(spread) / nullif(sum(weight), 0) as spread,
    case
      when min(days) >= 5 and least(sum(runs_before), sum(runs)) >= 19.5
        then sqrt(sum(variance)) / nullif(sum(weight), 0)
    end as error,
    -- Student's t of 0.995, by its expansion around the normal distribution's 2.576.
    2.576 + 4.917 / greatest(sum(days) - 2, 1) + 8.83 / greatest(sum(days) - 2, 1) ^ 2 as errors
  from periods
  group by
    figure,
    repository_id,
    of_stratum,
    is_share
)
select
  repository_names.repository,
  changes.figure,
  changes.subject,
  changes.branch_class,
  judged.verdict,
  round(shifts.change::numeric, 1) as change,
  round(levels.before::numeric, 1) as before,
  round(levels.now::numeric, 1) as now,
  changes.unit,
  case
    when judged.verdict <> 'no clear change' or abs(shifts.change) < judged.would_show
      then round(judged.would_show::numeric, 1)
  end as would_show,
  round(changes.runs_before::numeric)::bigint as runs_before,
  round(changes.runs::numeric)::bigint as runs,
  case
    when changes.figure in ('success', 'time')
      then nullif(split_part(changes.of_stratum, '/', 1), '0')::bigint
  end as workflow_id,
  changes.repository_id
from changes
inner join repository_names using (repository_id)
left join median_waits
  on median_waits.repository_id = changes.repository_id
  and changes.figure = 'queue'
  and changes.of_stratum is null
cross join lateral (
  select
    coalesce(median_waits.before, changes.before) as before,
    coalesce(median_waits.now, changes.now) as now
) as levels
cross join lateral (
  select
    case
      when changes.unit = 'percent' then levels.now - levels.before
      else 100 * (levels.now / nullif(levels.before, 0) - 1)
    end as change
) as shifts
-- The nearer to a half a share gets, the more it varies. So the change that would show is the d of
-- d = sqrt(scatter * (p + d / 2) * (1 - p - d / 2)), where p is the share of the rarer outcome.
cross join lateral (
  select
    least(share, 1 - share) as rarer,
    (changes.errors + 0.84) ^ 2 * greatest(
      (changes.error * changes.spread / 100) ^ 2 / nullif(share * (1 - share), 0),
      1 / changes.runs_before + 1 / changes.runs
    ) as scatter
  from (
    values ((levels.before + levels.now) / 200)
  ) as shares (share)
) as rarest
cross join lateral (
  select
    case
      when changes.error is null then 'too few runs'
      when abs(changes.rise) <= changes.errors * changes.error
        or abs(shifts.change) < 1
        or abs(levels.now - levels.before) < least_seconds
        or changes.rise * (levels.now - levels.before) <= 0
        then 'no clear change'
      when (changes.rise > 0) = (changes.figure like 'success%') then 'better'
      else 'worse'
    end as verdict,
    case
      when changes.error is null then null
      when changes.unit = 'percent' then greatest(
        100 * (
          (0.5 - rarer) * scatter
          + sqrt(((0.5 - rarer) * scatter) ^ 2 + (4 + scatter) * scatter * rarer * (1 - rarer))
        ) / (2 + scatter / 2),
        1
      )
      else greatest(
        (changes.errors + 0.84) * changes.error * changes.spread,
        1,
        100 * least_seconds / nullif(levels.before, 0)
      )
    end as would_show
  from (
    -- Times are in whole seconds.
    values (case when changes.figure in ('time', 'queue') then 1.5 end)
  ) as leasts (least_seconds)
) as judged
order by
  repository_names.repository,
  changes.repository_id,
  changes.of_stratum is not null,
  changes.figure,
  changes.runs desc,
  changes.subject,
  changes.branch_class,
  changes.of_stratum
limit (select period.top from period);
