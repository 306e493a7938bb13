-- The database's clock, and the moment before which rows are older than is to be kept.
-- A whole second, as GitHub's times are: so a window can begin there, and no run is on its edge.
--   psql "$DATABASE_URL" -f sql/prune/prune_horizon.sql -v keep='6 months'
select
  now() as database_time,
  date_trunc('second', (now() at time zone 'UTC' - :'keep'::interval) at time zone 'UTC')
    as horizon;
