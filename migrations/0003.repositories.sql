-- Who a repository is, by number, so that a rename does not fork its history.
-- depends: 0002.llm-calls

create table if not exists repositories (
  repository_id bigint not null,
  repository text not null,
  api_host text not null,
  first_seen_at timestamptz not null default now(),
  revision integer not null default 1,
  constraint repositories_pkey primary key (repository_id)
);

comment on table repositories is
  'One row per repository that was ever ingested.';
comment on column repositories.repository_id is
  'GitHub''s id; it stays when the repository is renamed or moved.';
comment on column repositories.repository is
  'owner/name as GitHub gave it last.';
comment on column repositories.api_host is
  'Host of the API it came from; one database holds one host, because ids repeat between hosts.';
comment on column repositories.first_seen_at is
  'When the repository was first ingested here.';
comment on column repositories.revision is
  '1 when inserted, one more with every rename.';
