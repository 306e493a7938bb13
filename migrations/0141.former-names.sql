-- Names that still lead to a renamed or moved repository, so that every command knows them.
-- depends: 0140.failed-first-ingests

create table if not exists former_names (
  name text not null,
  repository_id bigint not null,
  last_seen_at timestamptz not null,
  constraint former_names_pkey primary key (name)
);

comment on table former_names is
  'One row per name under which a repository was ingested although GitHub gives it another one.';
comment on column former_names.name is
  'The former owner/name, in lower case.';
comment on column former_names.repository_id is
  'The repository, by GitHub''s number.';
comment on column former_names.last_seen_at is
  'When an ingest last used the former name, by GitHub''s clock.';
