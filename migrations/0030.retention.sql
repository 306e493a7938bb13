-- How long rows are kept, because a command line that forgets it must not decide what is deleted.
-- depends: 0017.runner-labels

create table if not exists retention (
  only_row boolean not null default true,
  keep text not null,
  chosen_at timestamptz,
  is_held boolean not null,
  constraint retention_pkey primary key (only_row),
  constraint retention_has_one_row check (only_row)
);

comment on table retention is
  'One row: how long this database keeps workflow runs and LLM calls.';
comment on column retention.only_row is
  'True; the key that lets there be one row.';
comment on column retention.keep is
  'An interval such as 6 months, or forever. Each ingest deletes what is older.';
comment on column retention.chosen_at is
  'When somebody last gave KEEP. NULL: nobody has; it is the default.';
comment on column retention.is_held is
  'Whether deleting waits for a KEEP: rows older than the default were here before this table was.';

insert into retention (
  keep,
  is_held
)
select
  '6 months' as keep,
  exists (
    select 1
    from workflow_runs
    where created_at < now() - interval '6 months'
  )
  or exists (
    select 1
    from llm_calls
    where timestamp < now() - interval '6 months'
  ) as is_held
on conflict (only_row) do nothing;
