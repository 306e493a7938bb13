-- What GitHub says of a repository itself, asked once a day at most, and the end of a watch over it.
-- depends: 0031.workflows

alter table repositories
  add column if not exists default_branch text;

alter table repositories
  add column if not exists visibility text;

alter table repositories
  add column if not exists is_archived boolean;

alter table repositories
  add column if not exists described_at timestamptz;

alter table repositories
  add column if not exists workflows_listed_at timestamptz;

alter table repositories
  add column if not exists forgotten_at timestamptz;

comment on column repositories.default_branch is
  'The default branch as GitHub gave it last; default_branches has those before it. NULL: not asked yet.';
comment on column repositories.visibility is
  'public, private or internal, as GitHub gave it last. NULL: not asked yet.';
comment on column repositories.is_archived is
  'Whether it was archived when GitHub was last asked. NULL: not asked yet.';
comment on column repositories.described_at is
  'When GitHub was last asked about the repository, by its clock.';
comment on column repositories.workflows_listed_at is
  'When its workflows were last listed, by GitHub''s clock.';
comment on column repositories.forgotten_at is
  'When the watch over it ended: it is in no status, and its rows stay until they are pruned. NULL: it is watched.';
