-- What runner a label stands for, because GitHub tells the labels of a job and not what it bills.
-- depends: 0016.runner-prices

create table if not exists runner_labels (
  label text not null,
  sku text not null,
  revision integer not null default 1,
  constraint runner_labels_pkey primary key (label)
);

comment on table runner_labels is
  'One row per label that says what runner a job gets. Filled from CSV files by each ingest of workflow runs; rows that no file has stay.';
comment on column runner_labels.label is
  'A runner_label as the view executed_jobs spells it: in lower case, several labels in order, joined by commas.';
comment on column runner_labels.sku is
  'A sku of runner_prices.';
comment on column runner_labels.revision is
  '1 when inserted, one more with every change: tells inserted rows from updated ones.';
