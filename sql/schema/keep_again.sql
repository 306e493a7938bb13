-- Keep the statements that kept_views.sql returned, after those that are kept already.
--   psql "$DATABASE_URL" -f sql/schema/keep_again.sql \
--     -v rows='[{"name": "mine.v", "is_own": true, "statement": "create view mine.v as select 1"}]'
insert into kept_views (position, name, is_own, statement)
select
  (select coalesce(max(position), 0) from kept_views)
    + row_number() over (order by listed.element) as position,
  listed.entry ->> 'name' as name,
  (listed.entry ->> 'is_own')::boolean as is_own,
  listed.entry ->> 'statement' as statement
from jsonb_array_elements(:'rows'::jsonb) with ordinality as listed (entry, element);
