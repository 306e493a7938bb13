-- Whether a run's repository was private, because runners cost nothing in a public one.
-- depends: 0033.default-branches

alter table workflow_runs
  add column if not exists is_private boolean;

comment on column workflow_runs.is_private is
  'Whether the repository was private when the attempt was first stored. NULL: stored before this was kept.';
