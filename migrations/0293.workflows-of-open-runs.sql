-- Which workflow an open run is of, and what started it: only a run of the schedule itself can be
-- the one that a quiet schedule waits for.
-- depends: 0292.heads-of-renamed-repositories

alter table open_runs add column if not exists workflow_id bigint;
alter table open_runs add column if not exists event_type text;

comment on column open_runs.workflow_id is
  'GitHub''s id of the workflow. NULL: the run was last listed by a version before 1.1.';
comment on column open_runs.event_type is
  'What started the run, as in workflow_runs. NULL: as for workflow_id.';
