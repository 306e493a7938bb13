-- One ingest of a repository at a time, without a session that a connection pool would break.
-- depends: 0008.missing-attempts

create table if not exists leases (
  repository_id bigint not null,
  holder text not null,
  acquired_at timestamptz not null,
  expires_at timestamptz not null,
  constraint leases_pkey primary key (repository_id)
);

comment on table leases is
  'One row per repository that is being ingested, or was when its ingest was killed.';
comment on column leases.repository_id is
  'The repository, by GitHub''s number.';
comment on column leases.holder is
  'Host, process and a random part: who ingests it.';
comment on column leases.acquired_at is
  'When that ingest took it, by the database''s clock.';
comment on column leases.expires_at is
  'When others may take it, unless it is renewed, by the database''s clock.';
