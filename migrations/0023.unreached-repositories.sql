-- Repositories that an ingest was asked for and did not reach, so that they are not overlooked.
-- depends: 0022.ingest-details

create table if not exists unreached_repositories (
  repository text not null,
  unreached_at timestamptz not null,
  reason text not null,
  constraint unreached_repositories_pkey primary key (repository)
);

comment on table unreached_repositories is
  'One row per repository that the last ingest that named it had no requests left for. An ingest that reaches it deletes the row.';
comment on column unreached_repositories.repository is
  'owner/name as it was asked for.';
comment on column unreached_repositories.unreached_at is
  'When that ingest ended, by GitHub''s clock.';
comment on column unreached_repositories.reason is
  'Why it was not reached, in words.';
