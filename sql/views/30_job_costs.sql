-- What each job that ran costs by GitHub's price list.
-- A label means one kind of runner (runner_labels), which has a price from a day on
-- (runner_prices). An unknown label has no price, even if a similar one has. A standard label in a
-- group of the user's own means a self-hosted or larger runner, so its group is looked up, as
-- group: and its name.
create view job_costs as
with labels as (
  select
    label,
    sku,
    sku in ('linux_slim', 'linux', 'linux_arm', 'windows', 'windows_arm', 'macos') as is_standard
  from runner_labels
),
jobs as (
  select
    github_run_id,
    run_attempt,
    job_id,
    repository_id,
    repository,
    workflow_id,
    workflow,
    branch_class,
    event_type,
    created_at,
    day,
    job,
    job_base,
    workflow_path,
    is_private,
    labels,
    nullif(labelled.runner_label, '') as runner_label,
    runner_name,
    runner_group_name,
    'group: ' || lower(runner_group_name) as group_label,
    is_hosted or runner_group_name is null as is_maybe_standard,
    case
      when 'self-hosted' = any(string_to_array(labelled.runner_label, ', ')) then 'self_hosted'
    end as own_sku,
    conclusion,
    started_at,
    duration_seconds,
    case when duration_seconds = 0 then 1 else (duration_seconds + 59) / 60 end as minutes,
    html_url
  from executed_jobs
  -- With the offset, the label is worked out once for each job, and not wherever it is used.
  cross join lateral (select executed_jobs.runner_label offset 0) as labelled
),
-- A runner of another group than GitHub's is not the standard runner of its label.
known_jobs as (
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
    jobs.created_at,
    jobs.day,
    jobs.job,
    jobs.job_base,
    jobs.workflow_path,
    coalesce(jobs.is_private, repositories.visibility <> 'public') as is_private,
    jobs.labels,
    case
      when labels.is_standard and not jobs.is_maybe_standard then jobs.group_label
      else coalesce(jobs.runner_label, jobs.group_label, 'none')
    end as label,
    case
      when labels.is_standard and not jobs.is_maybe_standard
        then coalesce(groups.sku, jobs.own_sku)
      else coalesce(labels.sku, groups.sku, jobs.own_sku)
    end as sku,
    case
      when labels.is_standard and not jobs.is_maybe_standard then groups.is_standard
      else coalesce(labels.is_standard, groups.is_standard)
    end as is_standard,
    jobs.runner_name,
    jobs.runner_group_name,
    jobs.conclusion,
    jobs.started_at,
    jobs.duration_seconds,
    jobs.minutes,
    jobs.html_url
  from jobs
  left join labels on labels.label = jobs.runner_label
  left join labels as groups on groups.label = jobs.group_label
  left join repositories on repositories.repository_id = jobs.repository_id
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
),
free_jobs as (
  select
    known_jobs.github_run_id,
    known_jobs.run_attempt,
    known_jobs.job_id,
    known_jobs.repository_id,
    known_jobs.repository,
    known_jobs.workflow_id,
    known_jobs.workflow,
    known_jobs.branch_class,
    known_jobs.event_type,
    known_jobs.created_at,
    known_jobs.day,
    known_jobs.job,
    known_jobs.job_base,
    known_jobs.labels,
    known_jobs.label,
    known_jobs.sku,
    known_jobs.runner_name,
    known_jobs.runner_group_name,
    known_jobs.conclusion,
    known_jobs.started_at,
    known_jobs.duration_seconds,
    known_jobs.minutes,
    known_jobs.is_private,
    case
      when known_jobs.is_standard and not known_jobs.is_private then 'a public repository'
      when known_jobs.is_standard
        and known_jobs.workflow_path like 'dynamic/%'
        and exists (
          select 1
          from free_runs
          where starts_with(known_jobs.workflow_path || '/', free_runs.path || '/')
            and (known_jobs.started_at at time zone 'UTC')::date >= free_runs.free_from
            and (
              (known_jobs.started_at at time zone 'UTC')::date < free_runs.free_until
              or free_runs.free_until is null
            )
        )
        then 'a workflow of GitHub''s own'
      when known_jobs.sku = 'self_hosted' then 'a runner of your own'
    end as free_because,
    known_jobs.html_url
  from known_jobs
)
select
  free_jobs.github_run_id,
  free_jobs.run_attempt,
  free_jobs.job_id,
  free_jobs.repository_id,
  free_jobs.repository,
  free_jobs.workflow_id,
  free_jobs.workflow,
  free_jobs.branch_class,
  free_jobs.event_type,
  free_jobs.created_at,
  free_jobs.day,
  free_jobs.job,
  free_jobs.job_base,
  free_jobs.labels,
  free_jobs.label,
  free_jobs.sku,
  free_jobs.runner_name,
  free_jobs.runner_group_name,
  free_jobs.conclusion,
  free_jobs.started_at,
  (free_jobs.started_at at time zone 'UTC')::date as started_on,
  free_jobs.duration_seconds,
  free_jobs.minutes,
  case
    when free_jobs.free_because is not null then 0
    when free_jobs.sku is not null then free_jobs.minutes
  end as billable_minutes,
  case
    when free_jobs.free_because is null or free_jobs.sku = 'self_hosted'
      then free_jobs.minutes * prices.usd_per_minute
    when free_jobs.minutes is not null then 0
  end as list_cost_usd,
  free_jobs.free_because,
  free_jobs.is_private,
  prices.source as price_source,
  free_jobs.html_url
from free_jobs
left join prices
  on prices.sku = free_jobs.sku
  and prices.priced_from <= free_jobs.started_at
  and (prices.priced_until > free_jobs.started_at or prices.priced_until is null);

comment on view job_costs is
  'One row per job that a runner took in its attempt, with what it costs by GitHub''s list: before included minutes. Standard runners are free in public repositories; a repository of unknown visibility counts as private.';
comment on column job_costs.github_run_id is
  'GitHub''s id of the run, the same on all its attempts.';
comment on column job_costs.run_attempt is
  'The number of the attempt: 1 for the first, one more for each re-run or approval.';
comment on column job_costs.job_id is
  'GitHub''s id of the job. Names repeat within an attempt; ids do not.';
comment on column job_costs.repository_id is
  'GitHub''s id of the repository; it stays when the repository is renamed.';
comment on column job_costs.repository is
  'owner/name as GitHub gave it last; unnamed if it gave none.';
comment on column job_costs.workflow_id is
  'GitHub''s id of the workflow; it stays when the file is renamed.';
comment on column job_costs.workflow is
  'The name of the workflow to show, as in attempts.';
comment on column job_costs.branch_class is
  'pull_request, merge_queue, deployment, default or other, as in attempts.';
comment on column job_costs.event_type is
  'The event that started the run: push, pull_request, schedule and so on.';
comment on column job_costs.created_at is
  'When GitHub created the run, the same on all its attempts.';
comment on column job_costs.day is
  'The day of created_at in UTC.';
comment on column job_costs.job is
  'The name of the job as GitHub shows it, with the values of its matrix; unnamed if it gave none.';
comment on column job_costs.job_base is
  'The name of the job without the values of its matrix, as in executed_jobs.';
comment on column job_costs.labels is
  'The labels that the job asks of a runner, as GitHub gives them. NULL if it gives none.';
comment on column job_costs.label is
  'The label that is looked up in runner_labels: the runner_label of executed_jobs. For a job that names a group and no label, or a standard label in another group than GitHub''s: group: and the group''s name in lower case.';
comment on column job_costs.sku is
  'What GitHub bills the job as. self_hosted: a runner of the user''s own, by the label self-hosted or by runner_labels. NULL: runner_labels does not know the label or the group.';
comment on column job_costs.runner_name is
  'The runner that took the job, as in executed_jobs. NULL if GitHub does not say.';
comment on column job_costs.runner_group_name is
  'The group of that runner, as in executed_jobs. NULL if GitHub does not say.';
comment on column job_costs.conclusion is
  'The conclusion of the job, as in executed_jobs.';
comment on column job_costs.started_at is
  'When the runner started the job.';
comment on column job_costs.started_on is
  'The UTC day on which the job started; the price is that of this day.';
comment on column job_costs.duration_seconds is
  'Seconds that the job ran, as in executed_jobs. NULL if unknown.';
comment on column job_costs.minutes is
  'Minutes the job ran, rounded up as GitHub does for each job; at least 1. NULL: how long it ran is unknown.';
comment on column job_costs.billable_minutes is
  'The minutes that GitHub bills: 0 if the job is free, which free_because explains. NULL: unknown label or length.';
comment on column job_costs.list_cost_usd is
  'US dollars: minutes times the price of the sku on that day; 0 on self-hosted runners unless the user gave them a price, and for what free_because names. NULL: unpriced, or of unknown length; never 0 for that.';
comment on column job_costs.free_because is
  'Why GitHub does not bill the job: a public repository, a workflow of GitHub''s own (free_runs), or a runner of your own. NULL: it is billed, as far as is known.';
comment on column job_costs.is_private is
  'Whether the repository was private when the attempt was first stored; today''s visibility where that was not kept. NULL: not known, and then priced as private.';
comment on column job_costs.price_source is
  'Where the price was read. NULL: no price, or it is on no known page of GitHub.';
comment on column job_costs.html_url is
  'The page of the job on GitHub.';
