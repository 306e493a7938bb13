-- The repositories that are shown by another name, because a newer one has theirs.
--   psql "$DATABASE_URL" -f sql/status/shown_names.sql
select
  repository_id,
  repository
from repository_names
where not has_name;
