-- Six made-up steps for each failed job, and for all jobs of the 31 days before a moment.
-- Questions are about 30 days, and about failed jobs of any age. A failed job fails at its tests.
--   psql "$DATABASE_URL" -v until='2026-01-01T00:00:00Z' -f sql/bench/insert_workflow_steps.sql
insert into workflow_steps (
  github_run_id,
  run_attempt,
  job_id,
  number,
  name,
  status,
  conclusion,
  started_at,
  completed_at
)
with kinds (number, name, from_percent, to_percent) as (
  values
    (1, 'Set up job', 0, 2),
    (2, 'Run actions/checkout@v5', 2, 5),
    (3, 'Install', 5, 25),
    (4, 'Test', 25, 97),
    (5, 'Post Run actions/checkout@v5', 97, 99),
    (6, 'Complete job', 99, 100)
)
select
  workflow_jobs.github_run_id,
  workflow_jobs.run_attempt,
  workflow_jobs.job_id,
  kinds.number,
  kinds.name,
  'completed' as status,
  case
    when kinds.number = 4 then workflow_jobs.conclusion
    else 'success'
  end as conclusion,
  workflow_jobs.started_at
    + (workflow_jobs.completed_at - workflow_jobs.started_at) * kinds.from_percent / 100
    as started_at,
  workflow_jobs.started_at
    + (workflow_jobs.completed_at - workflow_jobs.started_at) * kinds.to_percent / 100
    as completed_at
from workflow_jobs
cross join kinds
where workflow_jobs.conclusion = 'failure'
  or workflow_jobs.created_at >= :'until'::timestamptz - interval '31 days';
