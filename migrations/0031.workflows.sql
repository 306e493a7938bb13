-- Workflows as GitHub knows them, because the name that a run carries is the run's, not its workflow's.
-- depends: 0030.retention

create table if not exists workflows (
  workflow_id bigint not null,
  repository_id bigint not null,
  name text,
  path text,
  state text,
  listed_at timestamptz,
  revision integer not null default 1,
  constraint workflows_pkey primary key (workflow_id)
);

comment on table workflows is
  'One row per workflow that GitHub lists, or that stored runs name though GitHub lists it no longer.';
comment on column workflows.workflow_id is
  'GitHub''s id; it stays when the workflow is renamed.';
comment on column workflows.repository_id is
  'The repository, by GitHub''s number.';
comment on column workflows.name is
  'Its name as GitHub lists it; the path where its file names none. NULL: GitHub never listed it here.';
comment on column workflows.path is
  'Its file, or dynamic/… for one that GitHub makes. NULL: GitHub never listed it here.';
comment on column workflows.state is
  'active, deleted, disabled_fork, disabled_inactivity or disabled_manually; text, because GitHub adds values. NULL: GitHub never listed it here.';
comment on column workflows.listed_at is
  'When GitHub last listed it, by its clock. Earlier than repositories.workflows_listed_at: it is gone from the list. NULL: it never was there.';
comment on column workflows.revision is
  '1 when inserted, one more with every change.';
