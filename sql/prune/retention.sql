-- How long this database keeps its rows, and whether somebody chose it.
--   psql "$DATABASE_URL" -f sql/prune/retention.sql
select
  keep,
  chosen_at is not null as is_chosen,
  is_held
from retention;
