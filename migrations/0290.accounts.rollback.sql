-- Runs keep the logins that they have.
drop table if exists accounts;
alter table workflow_runs drop column if exists triggering_actor_id;
alter table workflow_runs drop column if exists actor_id;

comment on column workflow_runs.actor is
  'Login of the account that caused the first attempt. NULL when that account is gone.';
comment on column workflow_runs.triggering_actor is
  'Login of the account that started this attempt.';
