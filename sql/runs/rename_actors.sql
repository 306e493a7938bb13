-- Give all runs the logins that their accounts have now.
--   psql "$DATABASE_URL" -f sql/runs/rename_actors.sql
update workflow_runs
set
  actor = now_called.actor,
  triggering_actor = now_called.triggering_actor,
  revision = workflow_runs.revision + 1
from (
  select
    runs.github_run_id,
    runs.run_attempt,
    coalesce(actors.login, runs.actor) as actor,
    coalesce(triggering_actors.login, runs.triggering_actor) as triggering_actor
  from workflow_runs as runs
  left join accounts as actors
    on actors.account_id = runs.actor_id
  left join accounts as triggering_actors
    on triggering_actors.account_id = runs.triggering_actor_id
) as now_called
where now_called.github_run_id = workflow_runs.github_run_id
  and now_called.run_attempt = workflow_runs.run_attempt
  and (workflow_runs.actor, workflow_runs.triggering_actor)
  is distinct from (now_called.actor, now_called.triggering_actor);
