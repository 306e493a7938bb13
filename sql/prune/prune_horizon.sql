-- The database's clock, and the moment before which rows are too old to keep.
-- It is a whole second, as GitHub's times are: a window can begin there, with no run on its edge.
--   psql "$DATABASE_URL" -f sql/prune/prune_horizon.sql -v keep='6 months'
select
  now() as database_time,
  date_trunc('second', (now() at time zone 'UTC' - :'keep'::interval) at time zone 'UTC')
    as horizon;
