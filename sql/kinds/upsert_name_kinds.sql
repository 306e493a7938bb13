-- Store rules that say what kind a name is; returns for each new or changed row whether it is new.
-- Rows are a JSON array of objects whose keys are the columns.
--   psql "$DATABASE_URL" -f sql/kinds/upsert_name_kinds.sql \
--     -v rows='[{"subject":"actor","pattern":"*[bot]","kind":"bot"}]'
insert into name_kinds (
  subject, pattern, kind
)
select
  subject, pattern, kind
from json_populate_recordset(null::name_kinds, :'rows'::json)
on conflict (subject, pattern) do update set
  kind = excluded.kind,
  revision = name_kinds.revision + 1
where (
    name_kinds.kind
  ) is distinct from (
    excluded.kind
  )
returning (revision = 1) as inserted;
