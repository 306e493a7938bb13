-- The next ingest asks again; repositories that were forgotten are watched again.
alter table repositories
  drop column if exists forgotten_at;

alter table repositories
  drop column if exists workflows_listed_at;

alter table repositories
  drop column if exists described_at;

alter table repositories
  drop column if exists is_archived;

alter table repositories
  drop column if exists visibility;

alter table repositories
  drop column if exists default_branch;
