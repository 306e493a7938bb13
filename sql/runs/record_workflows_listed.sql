-- Record when a repository's workflows were listed.
--   psql "$DATABASE_URL" -f sql/runs/record_workflows_listed.sql \
--     -v repository_id=7 -v listed_at=2026-01-02T00:00:00Z
update repositories
set workflows_listed_at = :'listed_at'::timestamptz
where repository_id = :'repository_id'::bigint;
