-- Store which runner each label stands for; returns, for each new or changed one, if it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL.
--   psql "$DATABASE_URL" -f sql/prices/upsert_runner_labels.sql \
--     -v rows='[{"label":"ubuntu-latest","sku":"linux"}]'
insert into runner_labels (
  label, sku
)
select
  label, sku
from json_populate_recordset(null::runner_labels, :'rows'::json)
on conflict (label) do update set
  sku = excluded.sku,
  revision = runner_labels.revision + 1
where (
    runner_labels.sku
  ) is distinct from (
    excluded.sku
  )
returning (revision = 1) as inserted;
