-- The days that GitHub's usage reports cover, because a day without a line was billed nothing.
-- depends: 0093.codex-sessions

create table if not exists billed_days (
  owner text not null,
  usage_date date not null,
  source text not null,
  has_workflows boolean not null,
  loaded_at timestamptz not null,
  constraint billed_days_pkey primary key (owner, usage_date)
);

comment on table billed_days is
  'One row per day of an account that a usage report covers, as the report loaded last has it.';
comment on column billed_days.owner is
  'The organization or user that is billed, in lower case.';
comment on column billed_days.usage_date is
  'The day in UTC.';
comment on column billed_days.source is
  'detailed report, summarized report, older report (without discounts) or billing API.';
comment on column billed_days.has_workflows is
  'Whether the lines of the day name the workflow. If not, they can only be compared by repository.';
comment on column billed_days.loaded_at is
  'When the report was loaded.';
