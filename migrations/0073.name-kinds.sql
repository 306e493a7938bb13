-- What the names of accounts and workflows stand for, because GitHub's lists of runs do not say it.
-- depends: 0072.jobs-of-own-runners

create table if not exists name_kinds (
  subject text not null,
  pattern text not null,
  kind text not null,
  revision integer not null default 1,
  constraint name_kinds_pkey primary key (subject, pattern)
);

comment on table name_kinds is
  'One row per rule that says what kind names are. Filled from CSV files by each ingest of workflow runs; rows that no file has stay.';
comment on column name_kinds.subject is
  'What is named: actor (the login of an account) or workflow (its name).';
comment on column name_kinds.pattern is
  'The name in lower case; * stands for any text. Of several rules the one with the longest pattern counts.';
comment on column name_kinds.kind is
  'Of an actor: person, bot or agent. Of a workflow: deployment.';
comment on column name_kinds.revision is
  '1 when inserted, one more with every change: tells inserted rows from updated ones.';
