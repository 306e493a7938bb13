-- Record that GitHub no longer has an attempt.
--   psql "$DATABASE_URL" -f sql/runs/record_missing_attempts.sql \
--     -v github_run_id=1 -v run_attempt=1 \
--     -v repository_id=7 -v missing_at=2026-01-02T00:10:00Z
insert into missing_attempts (
  github_run_id, run_attempt, repository_id, missing_at
) values (
  :'github_run_id',
  :'run_attempt',
  :'repository_id',
  :'missing_at'
)
on conflict (github_run_id, run_attempt) do nothing;
