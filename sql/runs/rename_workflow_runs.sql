-- Give all runs of a repository the name it has now, also as that of their branches.
--   psql "$DATABASE_URL" -f sql/runs/rename_workflow_runs.sql \
--     -v repository_id=7 -v repository=acme/app
update workflow_runs
set
  repository = :'repository',
  head_repository = case
    when head_repository = repository then :'repository'
    else head_repository
  end,
  revision = revision + 1
where repository_id = :'repository_id'::bigint
  and repository is distinct from :'repository';
