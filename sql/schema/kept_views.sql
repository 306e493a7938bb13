-- What keep_views.sql kept, in the order in which restore_views.sql runs it.
--   psql "$DATABASE_URL" -f sql/schema/kept_views.sql
select
  name,
  is_own,
  statement
from kept_views
order by position;
