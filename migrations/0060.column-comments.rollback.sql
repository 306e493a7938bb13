-- These columns have no comment then; columns whose comment was only reworded keep the new words.
comment on column ingestions.inserted is null;
comment on column ingestions.updated is null;
comment on column ingestions.unchanged is null;
comment on column installed_views.name is null;
comment on column llm_calls.phase is null;
comment on column llm_calls.provider is null;
comment on column llm_calls.model is null;
comment on column llm_calls.error_message is null;
comment on column llm_ingestions.inserted is null;
comment on column llm_ingestions.updated is null;
comment on column workflow_runs.display_title is null;
comment on column workflow_runs.commit_sha is null;
comment on column workflow_runs.status is null;
comment on column workflow_runs.html_url is null;
