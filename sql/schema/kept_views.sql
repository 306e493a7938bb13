-- What keep_views.sql kept, in the order in which restore_views.sql runs it, as one JSON array.
--   psql "$DATABASE_URL" -f sql/schema/kept_views.sql
select coalesce(
  jsonb_agg(
    jsonb_build_object('name', name, 'is_own', is_own, 'statement', statement)
    order by position
  ),
  '[]'
) as rows
from kept_views;
