-- Which migrations and which views the database has. views_digest is empty if a view was dropped.
--   psql "$DATABASE_URL" -f sql/schema/installed_schema.sql
select
  (
    select array_agg(migration_id order by migration_id)
    from _yoyo_migration
  ) as migrations,
  (
    select min(case when to_regclass(quote_ident(name)) is null then '' else digest end)
    from installed_views
  ) as views_digest;
