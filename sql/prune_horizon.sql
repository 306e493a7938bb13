-- The database's clock, and the moment before which rows are older than is to be kept.
--   psql "$DATABASE_URL" -f sql/prune_horizon.sql -v keep='6 months'
select
  now() as database_time,
  now() - :'keep'::interval as horizon;
