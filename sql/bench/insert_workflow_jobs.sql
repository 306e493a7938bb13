-- Five made-up jobs for each attempt that has none, for a bench.
-- Three are of one matrix, and each asks for another runner, one of them without a price. An
-- attempt fails with its first or second job; a re-run runs these two again and keeps the rest.
-- One job in 20 waits a minute and more for its runner.
--   psql "$DATABASE_URL" -f sql/bench/insert_workflow_jobs.sql
insert into workflow_jobs (
  github_run_id,
  run_attempt,
  job_id,
  name,
  status,
  conclusion,
  created_at,
  started_at,
  completed_at,
  labels,
  runner_id,
  runner_name,
  runner_group_id,
  runner_group_name,
  html_url,
  is_inherited,
  is_pseudo
)
with kinds (number, name, labels, runner_group_name) as (
  values
    (1, 'test (3.12, linux)', array['ubuntu-latest'], 'GitHub Actions'),
    (2, 'test (3.13, linux)', array['ubuntu-24.04'], 'GitHub Actions'),
    (3, 'test (3.13, windows)', array['windows-latest'], 'GitHub Actions'),
    (4, 'lint', array['self-hosted', 'linux', 'x64'], 'Default'),
    (5, 'build', array['large-runner'], 'Large')
),
jobs as (
  select
    workflow_runs.github_run_id,
    workflow_runs.run_attempt,
    workflow_runs.github_run_id * 100 + workflow_runs.run_attempt * 10 + kinds.number as job_id,
    kinds.number,
    kinds.name,
    kinds.labels,
    kinds.runner_group_name,
    case
      when kinds.number = 1 + workflow_runs.github_run_id % 2 then workflow_runs.conclusion
      else 'success'
    end as conclusion,
    workflow_runs.run_attempt > 1 and kinds.number > 2 as is_inherited,
    workflow_runs.started_at,
    workflow_runs.completed_at,
    workflow_runs.html_url,
    ('x' || left(md5(kinds.number || ' ' || workflow_runs.github_run_id), 8))::bit(32)::bigint
      as hash
  from workflow_runs
  cross join kinds
  where not exists (
    select 1
    from workflow_jobs
    where workflow_jobs.github_run_id = workflow_runs.github_run_id
      and workflow_jobs.run_attempt = workflow_runs.run_attempt
  )
),
queued as (
  select
    github_run_id,
    run_attempt,
    job_id,
    number,
    name,
    labels,
    runner_group_name,
    conclusion,
    is_inherited,
    html_url,
    hash,
    started_at - case when is_inherited then interval '1 hour' else interval '0' end as created_at,
    completed_at - started_at as longest,
    interval '1 second' * case
      when hash % 20 = 0 then 60 + hash / 20 % 30
      else 3 + hash / 20 % 15
    end as waited
  from jobs
)
select
  github_run_id,
  run_attempt,
  job_id,
  name,
  'completed' as status,
  conclusion,
  created_at,
  created_at + waited as started_at,
  date_trunc('second', created_at + waited + (longest - waited) * (0.5 + 0.1 * number))
    as completed_at,
  labels,
  1 + hash % 100 as runner_id,
  runner_group_name || ' ' || 1 + hash % 100 as runner_name,
  case when runner_group_name = 'GitHub Actions' then 0 else 1 end as runner_group_id,
  runner_group_name,
  html_url || '/job/' || job_id as html_url,
  is_inherited,
  false as is_pseudo
from queued;
