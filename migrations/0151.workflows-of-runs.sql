-- Names are needed of the workflows that GitHub does not list, whatever the period of a question.
-- With the index, these are found without reading every run.
-- depends: 0150.seconds-that-no-list-shows-whole
create index if not exists idx_workflow_runs_repository_id_workflow_id
  on workflow_runs (repository_id, workflow_id);
