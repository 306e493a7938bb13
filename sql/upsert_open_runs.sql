-- Store a run that has not ended; returns whether it is new, or no row if nothing changed.
--   psql "$DATABASE_URL" -f sql/upsert_open_runs.sql -v github_run_id=1 -v run_attempt=1 \
--     -v repository_id=7 -v status=queued -v created_at=2026-01-01T00:00:00Z \
--     -v updated_at=2026-01-01T00:00:00Z
insert into open_runs (
  github_run_id,
  run_attempt,
  repository_id,
  status,
  created_at,
  updated_at
) values (
  :'github_run_id',
  :'run_attempt',
  :'repository_id',
  :'status',
  :'created_at',
  :'updated_at'
)
on conflict (github_run_id) do update set
  run_attempt = excluded.run_attempt,
  status = excluded.status,
  updated_at = excluded.updated_at,
  missing_upstream_at = null,
  revision = open_runs.revision + 1
where excluded.run_attempt >= open_runs.run_attempt
  and (open_runs.updated_at is null or excluded.updated_at >= open_runs.updated_at)
  and (
    open_runs.run_attempt,
    open_runs.status,
    open_runs.updated_at
  ) is distinct from (
    excluded.run_attempt,
    excluded.status,
    excluded.updated_at
  )
returning (revision = 1) as inserted;
