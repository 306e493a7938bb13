-- Forget accounts that no stored run names.
--   psql "$DATABASE_URL" -f sql/prune/prune_accounts.sql
delete from accounts
where account_id not in (
  select actor_id
  from workflow_runs
  where actor_id is not null
  union
  select triggering_actor_id
  from workflow_runs
  where triggering_actor_id is not null
);
