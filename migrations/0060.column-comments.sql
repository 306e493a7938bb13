-- Every column says what it holds, so that the catalog, docs/data.md and \d+ in psql need no other source.
-- depends: 0030.retention 0050.llm-price-conditions
comment on column ingestions.inserted is
  'Runs that were not stored before.';
comment on column ingestions.updated is
  'Runs that were stored before and have changed.';
comment on column ingestions.unchanged is
  'Runs that were stored before and have not changed.';
comment on column ingestions.not_modified is
  'Requests that GitHub answered with 304 (unchanged) and did not charge.';
comment on column installed_views.name is
  'Name of the view.';
comment on column llm_calls.phase is
  'The phase of work the call belongs to, as the log or PHASE says. NULL: neither says.';
comment on column llm_calls.provider is
  'Who served the model, as the log names it. NULL: not reported.';
comment on column llm_calls.model is
  'The model, as the provider names it. NULL: not reported.';
comment on column llm_calls.error_message is
  'Why the call failed, as the log says it. NULL: it did not fail, or the log gives no reason.';
comment on column llm_calls.timestamp is
  'When the call began: the earliest time that any record of it gives. Logs coarser than a microsecond get their last digits from call_id, so that calls of one moment stay apart.';
comment on column llm_calls.api_calls is
  'How many requests the row stands for. Only the duration of a single request is a latency.';
comment on column llm_calls.precedence is
  'How final the log says this record of the call is. The most final record provides token counts, phase and prompt.';
comment on column llm_calls.github_run_attempt is
  'The attempt of that run. NULL: not known.';
comment on column llm_ingestions.inserted is
  'Calls that were not stored before.';
comment on column llm_ingestions.updated is
  'Calls that were stored before and have changed.';
comment on column llm_ingestions.unchanged is
  'Calls that were stored before and have not changed.';
comment on column missing_attempts.missing_at is
  'When GitHub first answered that the attempt does not exist.';
comment on column open_runs.updated_at is
  'When GitHub had last changed the run at the last look.';
comment on column open_runs.missing_upstream_at is
  'When GitHub first answered that the run does not exist; it is not asked for again. NULL: it exists, as far as known.';
comment on column windows.is_complete is
  'Whether the list was read to its end while nothing in it changed. False: the window is listed again.';
comment on column windows.problem is
  'Why the window cannot be listed completely. NULL: no reason is known.';
comment on column workflow_jobs.started_at is
  'When a runner took the job. Meaningless without a runner: GitHub then repeats created_at or completed_at.';
comment on column workflow_runs.display_title is
  'The title that GitHub shows for the run: the commit message, the pull request''s title or the workflow''s run-name.';
comment on column workflow_runs.commit_sha is
  'SHA of the head commit. NULL when GitHub gives none.';
comment on column workflow_runs.status is
  'completed; text, because GitHub adds values.';
comment on column workflow_runs.html_url is
  'The page of the attempt on GitHub.';
comment on column workflow_runs.unlisted_at is
  'When a complete list of its time first left the run out. NULL: the run was listed, or GitHub still has it.';
comment on column workflow_runs.missing_upstream_at is
  'When GitHub first answered that the run does not exist. NULL: it exists, as far as known.';
comment on table retention is
  'One row per database: how long it keeps workflow runs and LLM calls.';
