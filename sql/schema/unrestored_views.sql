-- What could not be given back to a view, or made again of users' own views, with the first reason.
--   psql "$DATABASE_URL" -f sql/schema/unrestored_views.sql
select distinct on (is_own, name)
  is_own,
  name,
  failure
from kept_views
where failure is not null
order by
  is_own,
  name,
  position;
