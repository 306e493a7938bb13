-- A branch can be the default one again, after another one was. Each time is a row of its own.
-- depends: 0230.events-of-resumed-sessions
alter table default_branches drop constraint if exists default_branches_pkey;
alter table default_branches
  add constraint default_branches_pkey primary key (repository_id, branch, first_seen_at);

comment on table default_branches is
  'One row per time that GitHub named a branch as the default one of a repository, until it named another.';
comment on column default_branches.first_seen_at is
  'When GitHub first named it this time, by its clock. It may have become the default one up to a day earlier.';
comment on column default_branches.last_seen_at is
  'When GitHub last named it before another one, by its clock.';
