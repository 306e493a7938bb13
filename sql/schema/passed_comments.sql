-- Statements that give columns of a view the comments of the columns that they pass on.
-- PostgreSQL passes none on. These are the columns of the same name that the view reads, of views
-- before those of tables, and of several views the one made last. A comment of its own is kept.
--   psql "$DATABASE_URL" -f sql/schema/passed_comments.sql -v name=executed_jobs
select distinct on (passed.attnum)
  format(
    'comment on column %s.%I is %L',
    passed.attrelid::regclass,
    passed.attname,
    col_description(source.attrelid, source.attnum)
  ) as statement
from pg_attribute as passed
join pg_rewrite on pg_rewrite.ev_class = passed.attrelid
join pg_depend
  on pg_depend.classid = 'pg_rewrite'::regclass
  and pg_depend.objid = pg_rewrite.oid
  and pg_depend.refclassid = 'pg_class'::regclass
join pg_attribute as source
  on source.attrelid = pg_depend.refobjid
  and source.attnum = pg_depend.refobjsubid
  and source.attname = passed.attname
join pg_class as relations on relations.oid = source.attrelid
where passed.attrelid = :'name'::regclass
  and col_description(passed.attrelid, passed.attnum) is null
  and col_description(source.attrelid, source.attnum) is not null
  and source.attrelid <> passed.attrelid
order by
  passed.attnum,
  relations.relkind = 'v' desc,
  source.attrelid desc;
