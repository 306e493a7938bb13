-- Runs with earlier attempts or jobs that are still to fetch, and when GitHub deletes them.
create view leaving_runs as
with items as (
  select
    repository_id,
    github_run_id,
    created_at,
    0 as earlier_attempts
  from pending_jobs
  where tries is null
    or next_try_at is not null
  union all
  select
    repository_id,
    github_run_id,
    created_at,
    1 as earlier_attempts
  from pending_attempts
  where tries is null
    or next_try_at is not null
)
select
  items.repository_id,
  items.github_run_id,
  min(items.created_at) as created_at,
  min(items.created_at) + upstream_retention.retention_days * interval '1 day' as leaves_at,
  upstream_retention.retention_days,
  -- One request answers the jobs of all attempts.
  sum(items.earlier_attempts)::integer + 1 as requests
from items
inner join upstream_retention using (repository_id)
group by
  items.repository_id,
  items.github_run_id,
  upstream_retention.retention_days;

comment on view leaving_runs is
  'One row per run with earlier attempts or jobs that are still to fetch and not given up.';
comment on column leaving_runs.leaves_at is
  'When GitHub deletes the run: its creation and retention_days.';
comment on column leaving_runs.retention_days is
  'For how many days GitHub keeps the repository''s runs: as it said, else 90.';
comment on column leaving_runs.requests is
  'How many requests it takes to fetch what is missing.';
