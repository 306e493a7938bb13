-- What does each table, view and column hold?
--   psql "$DATABASE_URL" -f sql/schema/data_dictionary.sql
select
  relations.relname as relation,
  case relations.relkind when 'v' then 'view' else 'table' end as kind,
  obj_description(relations.oid, 'pg_class') as relation_comment,
  columns.attname as column_name,
  format_type(columns.atttypid, columns.atttypmod) as data_type,
  col_description(relations.oid, columns.attnum) as column_comment
from pg_class as relations
join pg_attribute as columns on columns.attrelid = relations.oid
where relations.relnamespace = current_schema()::regnamespace
  and relations.relkind in ('r', 'p', 'v')
  and relations.relname !~ 'yoyo'
  and columns.attnum > 0
  and not columns.attisdropped
order by
  kind,
  relation,
  columns.attnum;
