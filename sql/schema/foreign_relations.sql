-- The relations with a name of ours that another program made.
-- Each of ours has a comment from the migration that makes it.
--   psql "$DATABASE_URL" -f sql/schema/foreign_relations.sql -v names='{workflow_runs,attempts}'
select relname as name
from pg_class
where relnamespace = current_schema()::regnamespace
  and relname = any(:'names'::text[])
  and obj_description(oid, 'pg_class') is null
order by relname;
