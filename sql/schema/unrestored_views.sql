-- Privileges of views and users' own views that could not be restored, with the first reason.
-- A view that its user has recreated since is left out.
--   psql "$DATABASE_URL" -f sql/schema/unrestored_views.sql
select distinct on (is_own, name)
  is_own,
  name,
  failure
from kept_views
where failure is not null
  and not (
    is_own
    and name in (
      select (pg_identify_object('pg_class'::regclass, pg_class.oid, 0)).identity
      from pg_class
      where relkind in ('v', 'm')
      union all
      select (pg_identify_object('pg_proc'::regclass, pg_proc.oid, 0)).identity
      from pg_proc
      where pg_proc.pronamespace <> 'pg_catalog'::regnamespace
    )
  )
order by
  is_own,
  name,
  position;
