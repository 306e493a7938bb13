-- How long GitHub keeps the runs of a repository, as far as it says so.
-- depends: 0061.plainer-comments

alter table repositories
  add column if not exists upstream_retention_days integer;

alter table repositories
  add column if not exists upstream_retention_asked_at timestamptz;

comment on column repositories.upstream_retention_days is
  'After how many days GitHub deletes a run, as it said last. NULL: it never said so to this token; 90 days are assumed.';
comment on column repositories.upstream_retention_asked_at is
  'When GitHub was last asked for that, by its clock. NULL: not asked yet.';
