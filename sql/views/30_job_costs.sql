-- What each job that ran costs by GitHub's price list.
-- A label means one kind of runner (runner_labels), which has a price from a day on
-- (runner_prices). An unknown label has no price, even if a similar one has. A standard label in a
-- group of the user's own means a self-hosted or larger runner, so its group is looked up, as
-- group: and its name. GitHub Enterprise Server has no runners but the user's own; the page of a job
-- shows the server.
create view job_costs as
with labels as (
  select
    label,
    sku,
    standard_skus.sku is not null as is_standard
  from runner_labels
  left join standard_skus using (sku)
),
-- The first moments of their days in UTC: comparing days takes longer, with so many jobs.
prices as (
  select
    sku,
    effective_from::timestamp at time zone 'UTC' as priced_from,
    lead(effective_from) over (partition by sku order by effective_from)::timestamp
      at time zone 'UTC' as priced_until,
    usd_per_minute,
    source
  from runner_prices
)
select
  jobs.github_run_id,
  jobs.run_attempt,
  jobs.job_id,
  jobs.repository_id,
  jobs.repository,
  jobs.workflow_id,
  jobs.workflow,
  jobs.branch_class,
  jobs.event_type,
  jobs.started_by,
  jobs.created_at,
  jobs.day,
  jobs.job,
  jobs.job_base,
  jobs.labels,
  known.label,
  known.sku,
  known.is_standard,
  jobs.runner_name,
  jobs.runner_group_name,
  jobs.conclusion,
  jobs.started_at,
  (jobs.started_at at time zone 'UTC')::date as started_on,
  jobs.duration_seconds,
  known.minutes,
  case
    when free.because is not null or known.sku = 'self_hosted' then 0
    when known.sku is not null then known.minutes
  end as billable_minutes,
  case
    when free.because is null then known.minutes * prices.usd_per_minute
    when known.minutes is not null then 0
  end as list_cost_usd,
  prices.usd_per_minute,
  free.because as free_because,
  known.is_private,
  prices.source as price_source,
  jobs.html_url
from executed_jobs as jobs
-- With the offset, the label is worked out once for each job, and not wherever it is used.
cross join lateral (select jobs.runner_label offset 0) as labelled
cross join lateral (
  select
    case
      when starts_with(jobs.html_url, 'https://github.com/') then false
      else coalesce(jobs.html_url !~ '^https://[a-z0-9-]+\.ghe\.com/', false)
    end as is_own
) as place
cross join lateral (
  select
    nullif(labelled.runner_label, '') as runner_label,
    'group: ' || lower(jobs.runner_group_name) as group_label,
    (jobs.is_hosted or jobs.runner_group_name is null) and not place.is_own as is_maybe_standard,
    case
      when place.is_own or 'self-hosted' = any(string_to_array(labelled.runner_label, ', '))
        then 'self_hosted'
    end as own_sku
) as asked
left join labels on labels.label = asked.runner_label
left join labels as groups on groups.label = asked.group_label
left join repositories on repositories.repository_id = jobs.repository_id
cross join lateral (
  select
    coalesce(jobs.is_private, repositories.visibility <> 'public') as is_private,
    -- A runner of another group than GitHub's is not the standard runner of its label.
    case
      when labels.is_standard and not asked.is_maybe_standard
        then coalesce(asked.group_label, asked.runner_label)
      else coalesce(asked.runner_label, asked.group_label, 'none')
    end as label,
    case
      when labels.is_standard and not asked.is_maybe_standard
        then coalesce(groups.sku, asked.own_sku)
      else coalesce(labels.sku, groups.sku, asked.own_sku)
    end as sku,
    case
      when labels.is_standard and not asked.is_maybe_standard then groups.is_standard
      else coalesce(labels.is_standard, groups.is_standard)
    end as is_standard,
    case when jobs.duration_seconds = 0 then 1 else (jobs.duration_seconds + 59) / 60 end as minutes
  offset 0
) as known
left join prices
  on prices.sku = known.sku
  and prices.priced_from <= jobs.started_at
  and (prices.priced_until > jobs.started_at or prices.priced_until is null)
cross join lateral (
  select
    case
      when known.is_standard and not known.is_private then 'a public repository'
      when known.is_standard
        and jobs.workflow_path like 'dynamic/%'
        and exists (
          select 1
          from free_runs
          where starts_with(jobs.workflow_path || '/', free_runs.path || '/')
            and (jobs.started_at at time zone 'UTC')::date >= free_runs.free_from
            and (
              (jobs.started_at at time zone 'UTC')::date < free_runs.free_until
              or free_runs.free_until is null
            )
        )
        then 'a workflow of GitHub''s own'
      when known.sku = 'self_hosted' and coalesce(prices.usd_per_minute = 0, true)
        then 'a runner of your own'
    end as because
) as free;

comment on view job_costs is
  'One row per job that a runner took in its attempt, with what it costs by GitHub''s list: before included minutes. Standard runners are free in public repositories; a repository of unknown visibility counts as private.';
comment on column job_costs.label is
  'The label that is looked up in runner_labels: the runner_label of executed_jobs. For a job that names a group and no label, or a standard label in another group than GitHub''s: group: and the group''s name in lower case.';
comment on column job_costs.sku is
  'What GitHub bills the job as. self_hosted: a runner of the user''s own, by the label self-hosted, by runner_labels, or because GitHub Enterprise Server has no others. NULL: runner_labels does not know the label or the group.';
comment on column job_costs.is_standard is
  'Whether the sku is one of GitHub''s standard runners. NULL: it is known by the label self-hosted, or not at all.';
comment on column job_costs.started_on is
  'The UTC day on which the job started; the price is that of this day.';
comment on column job_costs.minutes is
  'Minutes the job ran, rounded up as GitHub does for each job; at least 1. NULL: how long it ran is unknown.';
comment on column job_costs.billable_minutes is
  'The minutes that GitHub bills: 0 if the job is free, which free_because explains, or on a runner of your own. NULL: unknown label or length.';
comment on column job_costs.list_cost_usd is
  'US dollars: minutes times the price of the sku on that day; 0 for what free_because names. NULL: unpriced, or of unknown length; never 0 for that.';
comment on column job_costs.usd_per_minute is
  'US dollars: the price of the sku on that day, also of a free job. NULL: it has none.';
comment on column job_costs.free_because is
  'Why the job costs nothing: a public repository, a workflow of GitHub''s own (free_runs), or a runner of your own to which you gave no price. NULL: it costs something, as far as is known.';
comment on column job_costs.is_private is
  'Whether the repository was private when the attempt was first stored; today''s visibility where that was not kept. NULL: not known, and then priced as private.';
comment on column job_costs.price_source is
  'Where the price was read. NULL: no price, or it is on no known page of GitHub.';
