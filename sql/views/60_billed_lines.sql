-- What GitHub bills beside what the stored jobs cost, and the cause of each difference.
-- Both sides are summed by day, SKU, repository and workflow, and joined in full. What the jobs
-- cost, plus the causes, plus what is unexplained, is what GitHub bills, to the last digit.
create view billed_lines as
-- A run can be re-run for 30 days and wait as long, so jobs of a day can belong to older runs.
with jobs as (
  select
    billed_days.owner,
    billed_days.usage_date,
    lower(coalesce(repositories.repository, workflow_runs.repository)) as repository,
    job_costs.repository_id,
    case
      when billed_days.has_workflows
        then coalesce(split_part(workflow_runs.workflow_path, '@', 1), '')
      else ''
    end as workflow_path,
    job_costs.sku,
    job_costs.minutes,
    job_costs.duration_seconds,
    job_costs.free_because is not null as is_free,
    job_costs.minutes is not null and job_costs.usd_per_minute is not null as is_priced,
    job_costs.is_standard,
    job_costs.usd_per_minute
  from job_costs
  inner join billed_days
    on billed_days.usage_date = job_costs.started_on
    and billed_days.owner = lower(split_part(job_costs.repository, '/', 1))
  inner join workflow_runs using (github_run_id, run_attempt)
  -- GitHub bills two repositories that had one name as one.
  left join repositories on repositories.repository_id = job_costs.repository_id
  -- GitHub bills its own runners alone, whatever the user says that others cost. These have a SKU
  -- in our list or in a bill; a list of the user may have all prices of one.
  where (
      job_costs.sku is null
      or job_costs.sku in (
        select sku
        from runner_prices
        where is_shipped
          and sku <> 'self_hosted'
        union
        select sku
        from standard_skus
        union
        select sku
        from billed_usage
        where product = 'actions'
      )
    )
    and job_costs.created_at >= (
      select min(usage_date)::timestamp at time zone 'UTC' from billed_days
    ) - interval '66 days'
    and job_costs.created_at < (
      select max(usage_date)::timestamp at time zone 'UTC' from billed_days
    ) + interval '1 day'
),
job_sums as (
  select
    owner,
    usage_date,
    repository,
    workflow_path,
    sku,
    'minutes' as kind,
    min(repository_id) as repository_id,
    count(*) as jobs,
    sum(minutes) as minutes,
    coalesce(sum(minutes) filter (where is_free), 0) as free_minutes,
    -- GitHub's clock differs by a second: these jobs may be one minute longer or shorter for it.
    count(*) filter (where duration_seconds > 0 and duration_seconds % 60 = 0) as maybe_longer,
    count(*) filter (where duration_seconds > 60 and duration_seconds % 60 = 1) as maybe_shorter,
    bool_or(is_standard) as is_standard,
    min(usd_per_minute) as usd_per_minute
  from jobs
  where is_priced
  group by
    owner,
    usage_date,
    repository,
    workflow_path,
    sku
),
unpriced as (
  select
    owner,
    usage_date,
    repository,
    workflow_path,
    -- NULL: of one of them not even the length is known.
    case when bool_and(minutes is not null) then sum(minutes) end as minutes
  from jobs
  where not is_priced
  group by
    owner,
    usage_date,
    repository,
    workflow_path
),
bills as (
  select
    billed_usage.owner,
    billed_usage.usage_date,
    lines.repository,
    lines.workflow_path,
    billed_usage.sku,
    billed_usage.product,
    lines.kind,
    sum(billed_usage.quantity) as quantity,
    sum(billed_usage.quantity * billed_usage.applied_cost_per_quantity) as exact_amount,
    max(billed_usage.applied_cost_per_quantity) as applied_cost_per_quantity,
    sum(billed_usage.gross_amount) as gross_amount,
    sum(billed_usage.discount_amount) as discount_amount,
    sum(billed_usage.net_amount) as net_amount,
    sum(billed_usage.lines) as lines
  from billed_usage
  inner join billed_days using (owner, usage_date)
  -- A bill keeps the name that a repository had on that day.
  left join former_names
    on former_names.name = billed_usage.repository
    and former_names.last_seen_at >= billed_usage.usage_date::timestamp at time zone 'UTC'
    and not exists (
      select 1
      from repositories
      where lower(repositories.repository) = billed_usage.repository
    )
  left join repositories as renamed
    on renamed.repository_id = former_names.repository_id
    and starts_with(lower(renamed.repository), billed_usage.owner || '/')
  cross join lateral (
    select
      coalesce(lower(renamed.repository), billed_usage.repository) as repository,
      case
        when billed_days.has_workflows then split_part(billed_usage.workflow_path, '@', 1)
        else ''
      end as workflow_path,
      case
        when billed_usage.product <> 'actions' then 'not actions'
        when billed_usage.unit_type not like 'minute%' then 'storage'
        else 'minutes'
      end as kind
  ) as lines
  group by
    billed_usage.owner,
    billed_usage.usage_date,
    lines.repository,
    lines.workflow_path,
    billed_usage.sku,
    billed_usage.product,
    lines.kind
),
-- What is stored of each day, and whether earlier attempts or jobs are to be fetched, or gone.
stored as (
  select
    billed_days.owner,
    billed_days.usage_date,
    attempt.repository,
    attempt.workflow_path,
    bool_or(
      not attempt.is_gone
      and (attempt.is_without_jobs or (earlier.is_unknown and not earlier.is_gone))
    ) as is_pending,
    bool_or(
      (attempt.is_without_jobs and attempt.is_gone)
      or (earlier.is_unknown and (earlier.is_gone or attempt.is_gone))
    ) as is_lost
  from workflow_runs
  cross join lateral (
    select (workflow_runs.started_at at time zone 'UTC')::date as day
    union
    select (coalesce(workflow_runs.completed_at, workflow_runs.updated_at) at time zone 'UTC')::date
    union
    select (workflow_runs.created_at at time zone 'UTC')::date
  ) as touched
  inner join billed_days
    on billed_days.usage_date = touched.day
    and billed_days.owner = lower(split_part(workflow_runs.repository, '/', 1))
  cross join lateral (
    select
      lower(workflow_runs.repository) as repository,
      case
        when billed_days.has_workflows
          then coalesce(split_part(workflow_runs.workflow_path, '@', 1), '')
        else ''
      end as workflow_path,
      workflow_runs.jobs_listed_at is null
        and workflow_runs.conclusion is distinct from 'skipped' as is_without_jobs,
      workflow_runs.missing_upstream_at is not null as is_gone
  ) as attempt
  cross join lateral (
    select
      workflow_runs.run_attempt > 1
        and not exists (
          select 1
          from workflow_runs as previous
          where previous.github_run_id = workflow_runs.github_run_id
            and previous.run_attempt = workflow_runs.run_attempt - 1
        ) as is_unknown,
      exists (
        select 1
        from missing_attempts
        where missing_attempts.github_run_id = workflow_runs.github_run_id
          and missing_attempts.run_attempt < workflow_runs.run_attempt
      ) as is_gone
  ) as earlier
  where workflow_runs.created_at >= (
      select min(usage_date)::timestamp at time zone 'UTC' from billed_days
    ) - interval '66 days'
    and workflow_runs.created_at < (
      select max(usage_date)::timestamp at time zone 'UTC' from billed_days
    ) + interval '1 day'
  group by
    billed_days.owner,
    billed_days.usage_date,
    attempt.repository,
    attempt.workflow_path
),
compared as (
  select
    owner,
    usage_date,
    repository,
    named.repository_id,
    workflow_path,
    sku,
    coalesce(bills.product, 'actions') as product,
    kind,
    coalesce(bills.lines, 0) as lines,
    coalesce(bills.quantity, 0) as quantity,
    coalesce(bills.exact_amount, 0) as exact_amount,
    coalesce(bills.gross_amount, 0) as gross_amount,
    coalesce(bills.discount_amount, 0) as discount_amount,
    coalesce(bills.net_amount, 0) as net_amount,
    coalesce(job_sums.jobs, 0) as jobs,
    coalesce(job_sums.minutes, 0) as minutes,
    coalesce(job_sums.free_minutes, 0) as free_minutes,
    coalesce(job_sums.maybe_longer, 0) as maybe_longer,
    coalesce(job_sums.maybe_shorter, 0) as maybe_shorter,
    coalesce(job_sums.usd_per_minute, bills.applied_cost_per_quantity) as usd_per_minute,
    coalesce(job_sums.is_standard, false) as is_standard,
    -- A credit is not for jobs that are missing here.
    kind = 'minutes' and more.minutes > 0 and bills.net_amount >= 0 as is_more,
    unpriced.owner is not null as has_unpriced,
    unpriced.minutes as unpriced_minutes,
    stored.owner is not null as has_attempts,
    coalesce(stored.is_pending, false) as has_pending,
    coalesce(stored.is_lost, false) as has_lost,
    sum(more.minutes) over (
      partition by owner, usage_date, repository, workflow_path, kind
      -- A SKU that is billed but has no priced jobs is more likely that of jobs without a price.
      order by
        job_sums.jobs is not null,
        sku
      rows between unbounded preceding and 1 preceding
    ) as more_before
  from bills
  full outer join job_sums using (owner, usage_date, repository, workflow_path, sku, kind)
  left join unpriced using (owner, usage_date, repository, workflow_path)
  left join stored using (owner, usage_date, repository, workflow_path)
  left join (
    select
      lower(repository) as repository,
      min(repository_id) as repository_id
    from repositories
    group by lower(repository)
  ) as named using (repository)
  cross join lateral (
    select
      greatest(coalesce(bills.quantity, 0) - coalesce(job_sums.minutes, 0), 0) as minutes
  ) as more
)
select
  compared.owner,
  compared.usage_date,
  compared.repository_id,
  compared.repository,
  compared.workflow_path,
  compared.product,
  compared.sku,
  compared.jobs,
  compared.minutes,
  compared.quantity,
  causes.list_usd,
  compared.gross_amount,
  compared.discount_amount,
  compared.net_amount,
  compared.net_amount - causes.list_usd as difference_usd,
  causes.free_rule_usd,
  causes.included_minutes_usd,
  causes.larger_runner_discount_usd,
  causes.rounding_usd,
  causes.job_without_label_usd,
  causes.run_not_stored_usd,
  causes.job_pending_usd,
  causes.storage_usd,
  causes.not_actions_usd,
  compared.net_amount - causes.list_usd - (
    causes.free_rule_usd + causes.included_minutes_usd + causes.larger_runner_discount_usd
    + causes.rounding_usd + causes.job_without_label_usd + causes.run_not_stored_usd
    + causes.job_pending_usd + causes.storage_usd + causes.not_actions_usd
  ) as unexplained_usd
from compared
-- Minutes that GitHub bills beyond those of the priced jobs: of jobs without a price, then of jobs
-- that are not stored, or of rounding.
cross join lateral (
  select
    case
      when not compared.is_more or not compared.has_unpriced then 0
      when compared.unpriced_minutes is null then compared.quantity - compared.minutes
      else least(
        compared.quantity - compared.minutes,
        greatest(compared.unpriced_minutes - coalesce(compared.more_before, 0), 0)
      )
    end as minutes
) as priced_later
cross join lateral (
  select
    case
      when not compared.is_more then null
      when compared.has_pending or exists (
        select 1
        from open_runs
        where open_runs.repository_id = compared.repository_id
          and (open_runs.created_at at time zone 'UTC')::date <= compared.usage_date
          and (coalesce(open_runs.updated_at, open_runs.created_at) at time zone 'UTC')::date
            >= compared.usage_date
      ) then 'pending'
      when compared.has_lost
        or not (compared.has_attempts or compared.has_unpriced)
        or exists (
          select 1
          from unlisted_intervals
          where unlisted_intervals.repository_id = compared.repository_id
            and unlisted_intervals.gap_from
              < (compared.usage_date + 1)::timestamp at time zone 'UTC'
            and unlisted_intervals.gap_to > compared.usage_date::timestamp at time zone 'UTC'
        )
        then 'not stored'
      else 'rounding'
    end as reason,
    greatest(compared.quantity - compared.minutes - priced_later.minutes, 0) as minutes
) as absent
cross join lateral (
  select
    compared.net_amount + compared.discount_amount - compared.exact_amount as cut_usd,
    case
      when compared.jobs = 0
        then compared.net_amount - priced_later.minutes * compared.usd_per_minute
      else absent.minutes * compared.usd_per_minute
    end as absent_usd,
    greatest(
      compared.free_minutes - greatest(compared.minutes - compared.quantity, 0),
      0
    ) * compared.usd_per_minute as free_and_billed_usd,
    case
      when not compared.is_more then -least(
        case when compared.quantity > 0 then compared.maybe_shorter else 0 end,
        greatest(compared.minutes - compared.quantity - compared.free_minutes, 0)
      )
      when absent.reason = 'rounding' then least(absent.minutes, compared.maybe_longer)
      else 0
    end as rounded_minutes
) as parts
cross join lateral (
  select
    case when compared.jobs > 0 then compared.minutes * compared.usd_per_minute else 0 end
      as list_usd,
    case
      when compared.kind = 'minutes' then -compared.free_minutes * compared.usd_per_minute
      else 0
    end as free_rule_usd,
    case
      when compared.is_standard
        then -greatest(compared.discount_amount - parts.free_and_billed_usd, 0)
      else 0
    end as included_minutes_usd,
    case
      when compared.jobs > 0 and not compared.is_standard
        then least(compared.exact_amount - compared.quantity * compared.usd_per_minute, 0)
          - compared.discount_amount
      else 0
    end as larger_runner_discount_usd,
    case
      when compared.jobs = 0 then 0
      else parts.rounded_minutes * compared.usd_per_minute
        -- GitHub rounds the amounts of each line.
        + case when abs(parts.cut_usd) <= 0.01 * compared.lines then parts.cut_usd else 0 end
    end as rounding_usd,
    case
      when compared.kind <> 'minutes' then 0
      when compared.jobs = 0 and priced_later.minutes > 0 and absent.minutes = 0
        then compared.net_amount
      else priced_later.minutes * compared.usd_per_minute
    end as job_without_label_usd,
    case
      when absent.reason is distinct from 'not stored' or absent.minutes = 0 then 0
      else parts.absent_usd
    end as run_not_stored_usd,
    case
      when absent.reason is distinct from 'pending' or absent.minutes = 0 then 0
      else parts.absent_usd
    end as job_pending_usd,
    case when compared.kind = 'storage' then compared.net_amount else 0 end as storage_usd,
    case when compared.kind = 'not actions' then compared.net_amount else 0 end as not_actions_usd
) as causes;

comment on view billed_lines is
  'One row per day, SKU, repository and workflow that GitHub bills, or that has jobs on a day that a usage report covers: both sides, and the difference by cause. Runners that GitHub does not bill are left out.';
comment on column billed_lines.usage_date is
  'The day in UTC on which the job started, or GitHub bills the usage.';
comment on column billed_lines.repository_id is
  'GitHub''s id of the repository. NULL: no stored repository has that name.';
comment on column billed_lines.repository is
  'owner/name in lower case; of a repository that an ingest found renamed, its new name. Empty: the usage is of no repository.';
comment on column billed_lines.workflow_path is
  'The path of the workflow''s file. Empty if the usage report does not say it.';
comment on column billed_lines.sku is
  'What is billed; of jobs, as in job_costs.';
comment on column billed_lines.jobs is
  'Stored jobs with a price and a length.';
comment on column billed_lines.minutes is
  'The minutes of these jobs, each rounded up.';
comment on column billed_lines.quantity is
  'What GitHub bills, in minutes, or in the unit of another product. 0: nothing.';
comment on column billed_lines.list_usd is
  'US dollars: the minutes of the jobs at the price of the day, also of jobs that are free.';
comment on column billed_lines.difference_usd is
  'net_amount less list_usd. The causes and unexplained_usd add up to it.';
comment on column billed_lines.free_rule_usd is
  'Less, because jobs are free: standard runners in public repositories, and workflows of GitHub''s own. list_usd with it is what job_costs and the report show.';
comment on column billed_lines.included_minutes_usd is
  'Less, because GitHub discounts standard runners that are not free by rule: the minutes that the plan includes.';
comment on column billed_lines.larger_runner_discount_usd is
  'Less, because GitHub discounts larger runners or bills them below the price list; included minutes are not for them.';
comment on column billed_lines.rounding_usd is
  'A job that ended within a second of a full minute is one minute more or less to GitHub, and the amounts of a line are rounded, by a cent at most.';
comment on column billed_lines.job_without_label_usd is
  'More, because stored jobs of this day and workflow have no price: their label or their length is unknown.';
comment on column billed_lines.run_not_stored_usd is
  'More, because runs are not stored: their repository, day or workflow has none, was not listed completely, or was gone before it was read.';
comment on column billed_lines.job_pending_usd is
  'More, because the jobs of stored or open runs are still to be fetched, or an earlier attempt is.';
comment on column billed_lines.storage_usd is
  'Artifacts, caches and images of Actions, which are not jobs.';
comment on column billed_lines.not_actions_usd is
  'Other products of GitHub.';
comment on column billed_lines.unexplained_usd is
  'What none of the causes explains. Above 0: GitHub bills more than is known.';
