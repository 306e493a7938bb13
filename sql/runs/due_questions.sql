-- Which requests about a repository are due: its details, its workflows, and its retention.
-- Details and workflows are due once a day, workflows also when a run of an unknown one has been
-- stored. GitHub's retention rarely changes and is due once a week.
--   psql "$DATABASE_URL" -f sql/runs/due_questions.sql \
--     -v repository_id=7 -v now=2026-01-02T00:00:00Z
select
  coalesce(described_at < :'now'::timestamptz - interval '1 day', true) as is_description_due,
  coalesce(workflows_listed_at < :'now'::timestamptz - interval '1 day', true)
  or exists (
    select 1
    from workflow_runs
    where workflow_runs.repository_id = repositories.repository_id
      and workflow_runs.workflow_id is not null
      and not exists (
        select 1
        from workflows
        where workflows.workflow_id = workflow_runs.workflow_id
      )
  ) as is_list_due,
  coalesce(
    upstream_retention_asked_at < :'now'::timestamptz - interval '7 days',
    true
  ) as is_retention_due
from repositories
where repository_id = :'repository_id'::bigint;
