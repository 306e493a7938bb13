-- The relations and types with a name of ours that another program made.
-- Ours are the views in installed_views; and a migration that was killed has made a table with the
-- comment that its file gives it.
--   psql "$DATABASE_URL" -f sql/schema/foreign_relations.sql -v names='{workflow_runs,attempts}' \
--     -v installed='{}' -v comments='{}'
select relname as name
from pg_class
where relnamespace = current_schema()::regnamespace
  and relname = any(:'names'::text[])
  and relname <> all(:'installed'::text[])
  and coalesce(obj_description(oid, 'pg_class') <> all(:'comments'::text[]), true)
union
select typname
from pg_type
where typnamespace = current_schema()::regnamespace
  and typname = any(:'names'::text[])
  and typrelid = 0
order by name;
