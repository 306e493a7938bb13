-- What GitHub bills, from its usage reports, to be compared with what the stored jobs cost.
-- depends: 0120.billed-days

create table if not exists billed_usage (
  owner text not null,
  usage_date date not null,
  product text not null,
  sku text not null,
  unit_type text not null,
  repository text not null,
  workflow_path text not null,
  applied_cost_per_quantity numeric not null,
  quantity numeric not null,
  gross_amount numeric not null,
  discount_amount numeric not null,
  net_amount numeric not null,
  lines bigint not null default 1,
  constraint billed_usage_pkey primary key (
    owner,
    usage_date,
    product,
    sku,
    unit_type,
    repository,
    workflow_path,
    applied_cost_per_quantity
  ),
  constraint billed_usage_day_fkey foreign key (owner, usage_date)
    references billed_days (owner, usage_date) on delete cascade
);

comment on table billed_usage is
  'One row per day, SKU, repository and workflow of a usage report, summed over its users and cost centers. A newer report of a day replaces the older one.';
comment on column billed_usage.owner is
  'The organization or user that is billed, in lower case.';
comment on column billed_usage.usage_date is
  'The day in UTC.';
comment on column billed_usage.product is
  'GitHub''s name of the product in lower case, such as actions or copilot.';
comment on column billed_usage.sku is
  'What is billed, in lower case. Of actions without the prefix, as in runner_prices: linux, storage.';
comment on column billed_usage.unit_type is
  'The unit of quantity in lower case: minutes, gigabytehours and so on.';
comment on column billed_usage.repository is
  'owner/name in lower case. Empty: the usage is of no repository.';
comment on column billed_usage.workflow_path is
  'The path of the workflow''s file, as in workflow_runs. Empty: not said.';
comment on column billed_usage.applied_cost_per_quantity is
  'US dollars for one unit.';
comment on column billed_usage.quantity is
  'How many units were used.';
comment on column billed_usage.gross_amount is
  'US dollars before discounts.';
comment on column billed_usage.discount_amount is
  'US dollars that are not billed: included minutes, free usage and agreed discounts. 0 in an older report, which does not say it.';
comment on column billed_usage.net_amount is
  'US dollars that are billed: gross_amount less discount_amount, as the report rounds it.';
comment on column billed_usage.lines is
  'How many lines of the report were summed.';
