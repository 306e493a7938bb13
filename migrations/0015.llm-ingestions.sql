-- What each ingest of LLM logs read and could not read, so that lost lines are seen after the fact.
-- depends: 0014.llm-prices

create table if not exists llm_ingestions (
  started_at timestamptz not null,
  finished_at timestamptz,
  files integer not null,
  inserted integer not null,
  updated integer not null,
  unchanged integer not null,
  cut integer not null,
  clashing integer not null,
  rejected_files integer not null,
  rejected_lines integer not null,
  first_rejected text[] not null,
  constraint llm_ingestions_pkey primary key (started_at)
);

comment on table llm_ingestions is
  'One row per ingest of LLM logs, written when it begins and when it ends.';
comment on column llm_ingestions.started_at is
  'When it began, by the clock of the machine it ran on.';
comment on column llm_ingestions.finished_at is
  'When it ended. NULL: it still runs, or was broken off; the calls it had read by then are stored.';
comment on column llm_ingestions.files is
  'Files it was given to read.';
comment on column llm_ingestions.unchanged is
  'Calls that the files had and the table knew already, with nothing new.';
comment on column llm_ingestions.cut is
  'Values that were longer than their column and were cut.';
comment on column llm_ingestions.clashing is
  'Calls left out because another call has their timestamp, session and prompt name.';
comment on column llm_ingestions.rejected_files is
  'Files that no reader knew or that could not be read.';
comment on column llm_ingestions.rejected_lines is
  'Lines or records that were not a call that can be stored.';
comment on column llm_ingestions.first_rejected is
  'The first of what was rejected or left out, each with its file, line and reason.';
