-- Store which runs of GitHub's own are free; returns for each new or changed row whether it is new.
-- Rows are a JSON array of objects whose keys are the columns; a key left out is NULL. A shipped
-- row never replaces one of the user.
--   psql "$DATABASE_URL" -f sql/prices/upsert_free_runs.sql \
--     -v rows='[{"path":"dynamic/pages","free_from":"2020-01-01"}]'
insert into free_runs (
  path, free_from, free_until, source, is_shipped
)
select
  path, free_from, free_until, source, coalesce(is_shipped, false) as is_shipped
from json_populate_recordset(null::free_runs, :'rows'::json)
on conflict (path, free_from) do update set
  free_until = excluded.free_until,
  source = excluded.source,
  is_shipped = excluded.is_shipped,
  revision = free_runs.revision + 1
where (free_runs.is_shipped or not excluded.is_shipped)
  and (
    free_runs.free_until, free_runs.source, free_runs.is_shipped
  ) is distinct from (
    excluded.free_until, excluded.source, excluded.is_shipped
  )
returning (revision = 1) as inserted;
