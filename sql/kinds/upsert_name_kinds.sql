-- Store rules that say what kind a name is; returns for each new or changed row whether it is new.
-- Rows are a JSON array of objects whose keys are the columns. A shipped row never
-- replaces one of the user.
--   psql "$DATABASE_URL" -f sql/kinds/upsert_name_kinds.sql \
--     -v rows='[{"subject":"actor","pattern":"*[bot]","kind":"bot"}]'
insert into name_kinds (
  subject, pattern, kind, is_shipped
)
select
  subject, pattern, kind, coalesce(is_shipped, false) as is_shipped
from json_populate_recordset(null::name_kinds, :'rows'::json)
on conflict (subject, pattern) do update set
  kind = excluded.kind,
  is_shipped = excluded.is_shipped,
  revision = name_kinds.revision + 1
where (name_kinds.is_shipped or not excluded.is_shipped)
  and (
    name_kinds.kind, name_kinds.is_shipped
  ) is distinct from (
    excluded.kind, excluded.is_shipped
  )
returning (revision = 1) as inserted;
