-- Which branch was the default one and when, so that a change of it splits no history.
-- depends: 0032.repository-details

create table if not exists default_branches (
  repository_id bigint not null,
  branch text not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  constraint default_branches_pkey primary key (repository_id, branch)
);

comment on table default_branches is
  'One row per branch that GitHub named as the default one of a repository.';
comment on column default_branches.repository_id is
  'The repository, by GitHub''s number.';
comment on column default_branches.branch is
  'The branch''s name.';
comment on column default_branches.first_seen_at is
  'When GitHub first named it, by its clock. It may have become the default one up to a day earlier.';
comment on column default_branches.last_seen_at is
  'When GitHub last named it, by its clock.';
