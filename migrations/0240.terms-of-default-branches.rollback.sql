-- Earlier versions know one time of each branch; the last one stays.
delete from default_branches as earlier
using default_branches as later
where later.repository_id = earlier.repository_id
  and later.branch = earlier.branch
  and later.first_seen_at > earlier.first_seen_at;
alter table default_branches drop constraint if exists default_branches_pkey;
alter table default_branches
  add constraint default_branches_pkey primary key (repository_id, branch);

comment on table default_branches is
  'One row per branch that GitHub named as the default one of a repository.';
comment on column default_branches.first_seen_at is
  'When GitHub first named it, by its clock. It may have become the default one up to a day earlier.';
comment on column default_branches.last_seen_at is
  'When GitHub last named it, by its clock.';
