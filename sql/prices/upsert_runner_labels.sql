-- Store which runner each label stands for; returns, for each new or changed one, if it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL. A shipped
-- row never replaces one of the user.
--   psql "$DATABASE_URL" -f sql/prices/upsert_runner_labels.sql \
--     -v rows='[{"label":"ubuntu-latest","sku":"linux"}]'
insert into runner_labels (
  label, sku, is_shipped
)
select
  label, sku, coalesce(is_shipped, false) as is_shipped
from json_populate_recordset(null::runner_labels, :'rows'::json)
on conflict (label) do update set
  sku = excluded.sku,
  is_shipped = excluded.is_shipped,
  revision = runner_labels.revision + 1
where (runner_labels.is_shipped or not excluded.is_shipped)
  and (
    runner_labels.sku, runner_labels.is_shipped
  ) is distinct from (
    excluded.sku, excluded.is_shipped
  )
returning (revision = 1) as inserted;
