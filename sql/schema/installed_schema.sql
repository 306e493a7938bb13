-- Which migrations and which views the database has.
--   psql "$DATABASE_URL" -f sql/schema/installed_schema.sql
select
  (
    select array_agg(migration_id order by migration_id)
    from _yoyo_migration
  ) as migrations,
  (
    select max(digest)
    from installed_views
  ) as views_digest;
