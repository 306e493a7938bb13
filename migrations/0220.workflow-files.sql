-- A workflow is its file to GitHub: a renamed file has a new id.
-- depends: 0180.first-attempts-inherit-no-jobs
comment on column workflow_runs.workflow_id is
  'GitHub''s id of the workflow; it stays when the workflow''s name changes. A renamed file is a new workflow.';
comment on column workflows.workflow_id is
  'GitHub''s id; it stays when the workflow''s name changes. A renamed file is a new workflow.';
