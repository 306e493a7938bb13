-- What is spent this month, and what will it be at its end?
-- The month (UTC) in which the period ends: as a whole, and by repository, workflow and actor,
-- which is the account or schedule that caused the run. Runners are at list price, LLM calls as
-- reported, otherwise at list price. forecast_usd adds, for each remaining day, the mean of its
-- weekday over the last full weeks, at most eight; later weeks count more. weeks is the number of
-- these weeks; for several repositories, how many those with nine tenths of the cost have at least.
-- A repository's weeks begin on its first day with a known cost, but after the last day that is
-- mostly unlisted or, before the last week, without most of its jobs. They end where its runs were
-- last listed; the days since then count as remaining ones. No sum includes other parts of the
-- month that were never listed. The true end lies between low_usd and high_usd in nine of ten
-- months (docs/accuracy.md); both come from how much weeks differ. With fewer than two weeks there
-- is no high_usd, and low_usd is the amount spent. With none, a repository has no forecast, and a
-- forecast for several has only what this one has spent. unpriced jobs and calls have no known cost
-- and are not included.
--   psql "$DATABASE_URL" -f sql/analysis/forecast.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
month as not materialized (
  select
    (period.until at time zone 'UTC')::date as today,
    date_trunc('month', period.until at time zone 'UTC')::date as began_on,
    (date_trunc('month', period.until at time zone 'UTC') + interval '1 month')::date as ends_on,
    (least(period.since, period.until - interval '1344 hours') at time zone 'UTC')::date as since_on
  from period
),
runs as materialized (
  select
    github_run_id,
    repository_id,
    repository,
    workflow,
    case
      when event_type = 'schedule' then 'a schedule'
      else coalesce(nullif(actor, ''), 'unknown')
    end as actor
  from attempts
  cross join period
  cross join month
  where created_at >= (month.since_on - 31)::timestamp at time zone 'UTC'
    and created_at < period.until
    and (period.repository_ids is null or repository_id = any(period.repository_ids))
    and is_latest_attempt
),
spendings as (
  select
    'runners' as kind,
    job_costs.github_run_id,
    job_costs.started_on as day,
    sum(job_costs.list_cost_usd) as usd,
    count(*) filter (where job_costs.list_cost_usd is null) as unpriced
  from job_costs
  cross join period
  cross join month
  where job_costs.created_at >= (month.since_on - 31)::timestamp at time zone 'UTC'
    and job_costs.created_at < period.until
    and (period.repository_ids is null or job_costs.repository_id = any(period.repository_ids))
    and job_costs.started_on >= month.since_on
    and job_costs.started_at < period.until
  group by
    job_costs.github_run_id,
    job_costs.started_on
  union all
  select
    'llm' as kind,
    llm_calls_priced.github_run_id,
    llm_calls_priced.day,
    sum(llm_calls_priced.cost) as usd,
    coalesce(sum(llm_calls_priced.api_calls) filter (where llm_calls_priced.cost is null), 0)
      as unpriced
  from llm_calls_priced
  cross join period
  cross join month
  where llm_calls_priced.timestamp >= month.since_on::timestamp at time zone 'UTC'
    and llm_calls_priced.timestamp < period.until
    and (
      period.repository_ids is null
      or coalesce(llm_calls_priced.repository_id, 0) = any(period.repository_ids)
    )
  group by
    llm_calls_priced.github_run_id,
    llm_calls_priced.day
),
-- Before its last week, the last day of which most jobs are not stored.
holes as (
  select distinct on (workflow_runs.repository_id)
    workflow_runs.repository_id,
    (workflow_runs.created_at at time zone 'UTC')::date as day
  from workflow_runs
  cross join period
  cross join month
  where workflow_runs.created_at >= month.since_on::timestamp at time zone 'UTC'
    and workflow_runs.created_at < (month.today - 7)::timestamp at time zone 'UTC'
    and (period.repository_ids is null or workflow_runs.repository_id = any(period.repository_ids))
    and workflow_runs.conclusion is distinct from 'skipped'
  group by
    workflow_runs.repository_id,
    day
  having 2 * count(workflow_runs.jobs_listed_at) < count(*)
  order by
    workflow_runs.repository_id,
    day desc
),
-- What was never listed of the days that are asked about. The last gap ends in the future.
gaps as materialized (
  select
    unlisted_intervals.repository_id,
    greatest(
      unlisted_intervals.gap_from at time zone 'UTC', month.since_on::timestamp
    ) as began_at,
    unlisted_intervals.gap_to at time zone 'UTC' as ended_at,
    unlisted_intervals.gap_to >= period.until as is_last
  from unlisted_intervals
  cross join period
  cross join month
  where not unlisted_intervals.is_unlistable
    and unlisted_intervals.gap_from < period.until
    and unlisted_intervals.gap_to > month.since_on::timestamp at time zone 'UTC'
    and (
      period.repository_ids is null
      or unlisted_intervals.repository_id = any(period.repository_ids)
    )
),
-- The last day that is mostly unlisted.
unlisted as (
  select distinct on (gaps.repository_id)
    gaps.repository_id,
    days.day::date as day
  from gaps
  cross join month
  cross join lateral generate_series(
    gaps.began_at::date::timestamp, least(gaps.ended_at, month.today), interval '1 day'
  ) as days (day)
  where not gaps.is_last
  group by
    gaps.repository_id,
    days.day
  having sum(
    least(gaps.ended_at, days.day + interval '1 day') - greatest(gaps.began_at, days.day)
  ) > interval '12 hours'
  order by
    gaps.repository_id,
    days.day desc
),
-- The cost of a repository is known from the first day with one on, after its last hole, and until
-- its last list.
dated as materialized (
  select
    spendings.kind,
    coalesce(runs.repository_id, 0) as repository_id,
    runs.repository,
    runs.workflow,
    runs.actor,
    spendings.day,
    spendings.usd,
    spendings.unpriced,
    greatest(
      coalesce(
        min(spendings.day) filter (where spendings.usd is not null)
          over (partition by spendings.kind, runs.repository_id),
        month.today
      ),
      case when spendings.kind = 'runners' then greatest(holes.day, unlisted.day) + 1 end
    ) as known_from,
    least(month.today, case when spendings.kind = 'runners' then gaps.began_at::date end)
      as known_until
  from spendings
  left join runs using (github_run_id)
  cross join month
  left join holes using (repository_id)
  left join unlisted using (repository_id)
  left join gaps
    on gaps.repository_id = runs.repository_id
    and gaps.is_last
),
-- Weeks are the last full ones with data of each repository; a day without a row in them cost
-- nothing.
placed as materialized (
  select
    dated.kind,
    named.subject,
    named.name,
    dated.repository_id,
    dated.day,
    coalesce(sum(dated.usd), 0) as usd,
    sum(dated.unpriced) as unpriced,
    known.weeks,
    greatest(dated.known_until, month.began_on) as rest_from,
    extract(isodow from dated.day) as weekday,
    weeks_ago.week,
    -- Its part of the mean of its weekday: a week counts three quarters of the one after it.
    coalesce(sum(dated.usd), 0) * power(0.75, weeks_ago.week) * 0.25
    / nullif(1 - power(0.75, known.weeks), 0) as usd_of_mean
  from dated
  cross join month
  cross join lateral (
    select
      greatest(
        least((dated.known_until - greatest(dated.known_from, month.since_on)) / 7, 8), 0
      ) as weeks
  ) as known
  cross join lateral (
    select
      case
        when dated.day < dated.known_until and dated.day >= dated.known_until - 7 * known.weeks
          then (dated.known_until - 1 - dated.day) / 7
      end as week
  ) as weeks_ago
  cross join lateral (
    values
      ('all', 'all'),
      ('repository', dated.repository),
      ('workflow', dated.repository || ' / ' || dated.workflow),
      ('actor', dated.actor)
  ) as named (subject, name)
  where named.name is not null
  group by
    dated.kind,
    named.subject,
    named.name,
    dated.repository_id,
    dated.day,
    known.weeks,
    weeks_ago.week,
    dated.known_until,
    month.began_on
),
-- Today, and each day since the last list, is begun: a part of its cost may be stored.
rest as (
  select
    rests.rest_from,
    extract(isodow from days.day) as weekday,
    count(*) as days,
    count(*) filter (where days.day::date <= month.today) as begun_days
  from (select distinct rest_from from placed) as rests
  cross join month
  cross join lateral generate_series(
    rests.rest_from::timestamp,
    (month.ends_on - 1)::timestamp,
    interval '1 day'
  ) as days (day)
  group by
    rests.rest_from,
    extract(isodow from days.day)
),
of_repositories as materialized (
  select
    kind,
    subject,
    name,
    repository_id,
    max(placed.weeks) as weeks,
    sum(placed.usd_of_mean) as week_usd,
    coalesce(
      sum(placed.usd_of_mean),
      sum(placed.usd) filter (where placed.day >= placed.rest_from - 7),
      0
    ) as weight,
    array[
      sum(placed.usd) filter (where placed.week = 0),
      sum(placed.usd) filter (where placed.week = 1),
      sum(placed.usd) filter (where placed.week = 2),
      sum(placed.usd) filter (where placed.week = 3),
      sum(placed.usd) filter (where placed.week = 4),
      sum(placed.usd) filter (where placed.week = 5),
      sum(placed.usd) filter (where placed.week = 6),
      sum(placed.usd) filter (where placed.week = 7)
    ] as usd_of_weeks,
    coalesce(sum(placed.usd) filter (where placed.day >= month.began_on), 0) as usd,
    coalesce(sum(placed.usd) filter (where placed.day >= placed.rest_from), 0) as begun_usd,
    month.ends_on - placed.rest_from as days_left,
    coalesce(sum(placed.unpriced) filter (where placed.day >= month.began_on), 0)::bigint
      as unpriced
  from placed
  cross join month
  group by
    kind,
    subject,
    name,
    repository_id,
    month.ends_on,
    placed.rest_from
),
-- How much weeks differ is known of as many as those with most of the cost have: the others change
-- little.
spent as materialized (
  select
    kind,
    subject,
    name,
    max(weeks) filter (where weight_of_as_long >= 0.9 * weight_of_all) as weeks,
    max(weeks) as most_weeks,
    sum(usd) as usd,
    sum(begun_usd) as begun_usd,
    max(days_left) as days_left,
    sum(unpriced)::bigint as unpriced
  from (
    select
      kind,
      subject,
      name,
      weeks,
      usd,
      begun_usd,
      days_left,
      unpriced,
      sum(weight) over (partition by kind, subject, name order by weeks desc) as weight_of_as_long,
      sum(weight) over (partition by kind, subject, name) as weight_of_all
    from of_repositories
  ) as weighted
  group by
    kind,
    subject,
    name
),
-- In the weeks before its own, a repository counts with its mean.
each_week as (
  select
    kind,
    subject,
    name,
    numbers.week,
    sum(of_week.usd) as usd,
    lead(sum(of_week.usd)) over (partition by kind, subject, name order by numbers.week)
      as usd_before
  from spent
  inner join of_repositories using (kind, subject, name)
  cross join lateral generate_series(0, spent.weeks - 1) as numbers (week)
  cross join lateral (
    select
      case
        when numbers.week < of_repositories.weeks
          then coalesce(of_repositories.usd_of_weeks[numbers.week + 1], 0)
        else coalesce(of_repositories.week_usd, 0)
      end as usd
  ) as of_week
  group by
    kind,
    subject,
    name,
    numbers.week
),
-- How much weeks differ: from their mean, or from the week before, whichever is more.
variances as (
  select
    kind,
    subject,
    name,
    greatest(
      var_samp(usd),
      sum(power(usd - usd_before, 2)) / nullif(2 * (count(*) - 1), 0)
    ) as variance
  from each_week
  group by
    kind,
    subject,
    name
),
expected as materialized (
  select
    kind,
    subject,
    name,
    sum(placed.usd_of_mean * (rest.days - rest.begun_days)) as later_usd,
    sum(placed.usd_of_mean * rest.begun_days) as begun_usd
  from placed
  left join rest using (rest_from, weekday)
  group by
    kind,
    subject,
    name
),
-- Student's t for this number of weeks: one in fifty lies above.
quantiles (weeks, t) as (
  values (2, 15.89), (3, 4.85), (4, 3.48), (5, 3.00), (6, 2.76), (7, 2.61), (8, 2.52)
)
select
  spent.kind,
  spent.subject,
  spent.name,
  round(spent.usd, 4) as spent_usd,
  round(forecasts.usd, 4) as forecast_usd,
  to_char(month.began_on, 'YYYY-MM') as month,
  month.ends_on - month.today as days_left,
  round(greatest(coalesce(forecasts.usd - forecasts.half_usd, spent.usd), spent.usd), 4) as low_usd,
  round(forecasts.usd + forecasts.half_usd, 4) as high_usd,
  spent.weeks,
  spent.unpriced
from spent
cross join month
left join expected using (kind, subject, name)
left join variances using (kind, subject, name)
left join quantiles on quantiles.weeks = spent.weeks
cross join lateral (
  select
    case
      when spent.most_weeks >= 1 then spent.usd
        + coalesce(expected.later_usd, 0)
        + greatest(coalesce(expected.begun_usd, 0) - spent.begun_usd, 0)
    end as usd,
    -- The remaining weeks differ from each other, and together from those before.
    quantiles.t * sqrt(
      variances.variance
      * (1 + 1.0 / nullif(spent.weeks, 0))
      * (spent.days_left / 7.0)
      * (1 + spent.days_left / 7.0)
    ) as half_usd
) as forecasts
order by
  spent.kind desc,
  spent.subject = 'all' desc,
  spent.subject,
  forecasts.usd desc nulls last,
  spent.usd desc,
  spent.name
limit (select period.top from period);
