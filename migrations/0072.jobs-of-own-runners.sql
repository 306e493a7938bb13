-- What one runner did in one day: what tells a broken runner from a failure of one job.
-- Runners that GitHub hosts run one job each, so that only other runners are in the index.
-- depends: 0071.runs-by-start

create index if not exists idx_workflow_jobs_runner_id_started_at
  on workflow_jobs (runner_id, started_at)
  where runner_group_name <> 'GitHub Actions';
