-- Comments that a reader of the catalog understands at first reading.
-- depends: 0060.column-comments 0020.retries 0031.workflows 0023.unreached-repositories
comment on table retries is
  'One row per item that could not be fetched. It is tried again after an hour, six hours, a day and three days, then given up. The view awaited_items leaves out what no longer matters.';
comment on table missing_attempts is
  'One row per attempt that GitHub no longer has; it is not asked for again.';
comment on table open_runs is
  'One row per run that had not ended when it was last seen; the row goes when the run has ended.';
comment on table ingestions is
  'One row per ingest of one repository, written again with every page that it stores.';
comment on table workflows is
  'One row per workflow that GitHub lists, or that stored runs name although GitHub no longer lists it.';
comment on table unreached_repositories is
  'One row per repository for which the last ingest that named it had no requests left.';
comment on column retries.attempt_updated_at is
  'updated_at of the attempt at the last try. When the attempt has changed since, its tries start again.';
comment on column llm_calls.session_id is
  'The conversation or session of the call; empty when the log has none.';
