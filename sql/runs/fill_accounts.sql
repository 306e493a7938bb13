-- Give earlier attempts without the id of their account that of a later one: a run has one account.
-- Lists show the latest attempt only, so earlier ones that were stored without the id never get it.
--   psql "$DATABASE_URL" -f sql/runs/fill_accounts.sql -v github_run_ids='{1,2}'
update workflow_runs
set
  actor = later.actor,
  actor_id = later.actor_id,
  triggering_actor = case
    when workflow_runs.triggering_actor = workflow_runs.actor then later.actor
    else workflow_runs.triggering_actor
  end,
  triggering_actor_id = case
    when workflow_runs.triggering_actor = workflow_runs.actor then later.actor_id
    else workflow_runs.triggering_actor_id
  end,
  revision = workflow_runs.revision + 1
from workflow_runs as later
where later.github_run_id = any(:'github_run_ids'::bigint[])
  and later.actor_id is not null
  and workflow_runs.github_run_id = later.github_run_id
  and workflow_runs.run_attempt < later.run_attempt
  and workflow_runs.actor_id is null;
