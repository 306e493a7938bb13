-- The migrations of another program that uses yoyo in the same schema.
--   psql "$DATABASE_URL" -f sql/schema/foreign_migrations.sql -v names='{0001.workflow-runs}'
select migration_id as name
from _yoyo_migration
where migration_id <> all(:'names'::text[])
order by migration_id;
