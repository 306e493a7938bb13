-- The views that this toolkit made.
--   psql "$DATABASE_URL" -f sql/schema/installed_views.sql
select name
from installed_views
order by name;
