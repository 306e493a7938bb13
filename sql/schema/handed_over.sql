-- The statements that give what this role has made to the role that owns the tables.
-- An administrator may have upgraded what another role ingests into.
--   psql "$DATABASE_URL" -f sql/schema/handed_over.sql -v names='{accounts,taken_jobs}'
select
  format(
    'alter %s %s owner to %s',
    case made.relkind when 'v' then 'view' else 'table' end,
    made.oid::regclass,
    runs.relowner::regrole
  ) as statement
from pg_class as made
join pg_class as runs on runs.oid = to_regclass('workflow_runs')
where pg_table_is_visible(made.oid)
  and made.relname = any(:'names'::text[])
  and made.relowner = quote_ident(current_user)::regrole
  and made.relowner <> runs.relowner
order by made.relname;
