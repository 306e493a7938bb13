-- Who started a run, by GitHub's id of the account: a login changes, and another account can take it.
-- depends: 0260.kinds-of-workflows

alter table workflow_runs add column if not exists actor_id bigint;
alter table workflow_runs add column if not exists triggering_actor_id bigint;

create table if not exists accounts (
  account_id bigint not null,
  login text not null,
  revision integer not null default 1,
  constraint accounts_pkey primary key (account_id)
);

-- Lists that have not changed since are read again, for the ids.
update windows set etag = null where etag is not null;

comment on column workflow_runs.actor is
  'Login of the account that caused the run. A new login changes it on all runs of the account, if actor_id is known.';
comment on column workflow_runs.triggering_actor is
  'Login of the account that started this attempt. A new login changes it on all attempts of the account, if triggering_actor_id is known.';
comment on column workflow_runs.actor_id is
  'GitHub''s id of the account in actor; it stays when the login changes. NULL: the account is gone, or the run was last listed by a version before 1.1.';
comment on column workflow_runs.triggering_actor_id is
  'GitHub''s id of the account in triggering_actor. NULL: as for actor_id.';
comment on table accounts is
  'One row per account that caused a stored run or started one of its attempts.';
comment on column accounts.account_id is
  'GitHub''s id; it stays when the login changes.';
comment on column accounts.login is
  'The login that GitHub gave last. If another account has it now, the id follows in brackets.';
comment on column accounts.revision is
  '1 when inserted, one more with every change of the login.';
