-- Keep what is lost when our views are dropped: privileges, owners, and users' views on them.
-- The same is kept for the tables that choose_tables.sql named, if it was run in this transaction.
-- Each becomes a statement in kept_views that restore_views.sql runs. Users' own views,
-- materialized views and functions are dropped here, after those that depend on them; anything else
-- that depends on a view of ours makes the drop of that view fail.
--   psql "$DATABASE_URL" -f sql/schema/keep_views.sql
do $$
declare
  path constant text := current_setting('search_path');
  our_schema constant oid := current_schema()::regnamespace;
  ours text[];
  level text[];  -- each object as '<oid of its catalog>/<its own oid>'
  own text[] := '{}';  -- an object comes after those it depends on
  kept jsonb;
  dropped record;
begin
  -- Names, and the texts of views, are then spelled with their schemas.
  select coalesce(array_agg(format('%s/%s', 'pg_class'::regclass::oid, view::oid)), '{}')
  into ours
  from (
    select to_regclass(quote_ident(name)) as view
    from installed_views
    union
    select to_regclass(quote_ident(name))
    from unnest(nullif(current_setting('actions_telemetry.tables', true), '')::text[]) as name
  ) as installed
  where view is not null;
  perform set_config('search_path', 'pg_catalog', true);

  level := ours;
  loop
    with nodes as (
      select
        split_part(node, '/', 1)::oid as catalog,
        split_part(node, '/', 2)::oid as object
      from unnest(level) as node
    ),
    referred as (
      select
        catalog,
        object
      from nodes
      union all
      -- A function may depend on the type of the rows of a view, or of an array of them.
      select
        'pg_type'::regclass,
        unnest(array[rows.oid, rows.typarray])
      from nodes
      join pg_type as rows on nodes.catalog = 'pg_class'::regclass
        and rows.typrelid = nodes.object
    )
    select array_agg(
      distinct case
        when pg_rewrite.oid is null then format('%s/%s', 'pg_proc'::regclass::oid, pg_proc.oid)
        else format('%s/%s', 'pg_class'::regclass::oid, pg_rewrite.ev_class)
      end
    )
    into level
    from referred
    join pg_depend on pg_depend.refclassid = referred.catalog
      and pg_depend.refobjid = referred.object
    -- Of a view this is its query. Of a table it is a rule, and that cannot be recreated alone.
    left join pg_rewrite on pg_depend.classid = 'pg_rewrite'::regclass
      and pg_rewrite.oid = pg_depend.objid
      and pg_rewrite.ev_class <> referred.object
      and (
        select relkind in ('v', 'm')
        from pg_class
        where oid = pg_rewrite.ev_class
      )
    left join pg_proc on pg_depend.classid = 'pg_proc'::regclass
      and pg_proc.oid = pg_depend.objid
      and pg_proc.prokind in ('f', 'p')
    where pg_proc.oid is not null
      or format('%s/%s', 'pg_class'::regclass::oid, pg_rewrite.ev_class) <> all(ours)
      and pg_rewrite.oid is not null;
    exit when level is null;
    own := array(
      select node
      from unnest(own) with ordinality as known (node, place)
      where node <> all(level)
      order by place
    ) || level;
  end loop;

  with objects as (
    select
      place,
      place > cardinality(ours) as is_own,
      split_part(node, '/', 1)::oid = 'pg_proc'::regclass as is_function,
      split_part(node, '/', 2)::oid as object,
      identified.type as kind,
      identified.identity as name
    from unnest(ours || own) with ordinality as listed (node, place)
    cross join lateral pg_identify_object(
      split_part(node, '/', 1)::oid,
      split_part(node, '/', 2)::oid,
      0
    ) as identified
  ),
  relations as (
    select
      objects.*,
      pg_class.relkind,
      pg_class.relowner,
      pg_class.relacl,
      pg_class.relispopulated,
      pg_class.reloptions,
      coalesce(' with (' || array_to_string(pg_class.reloptions, ', ') || ')', '') as options
    from objects
    join pg_class on pg_class.oid = objects.object
    where not objects.is_function
  ),
  statements (place, step, detail, is_own, name, statement) as (
    select
      place, 1, 0, is_own, name,
      format(
        case
          when relkind = 'm' then 'create materialized view %s%s as %s with no data'
          else 'create view %s%s as %s'
        end,
        name, options, rtrim(pg_get_viewdef(object), ';')
      )
    from relations
    where is_own
    union all
    select place, 1, 0, is_own, name, pg_get_functiondef(object)
    from objects
    where is_function
    union all
    -- With security_invoker a view shows each role only the rows that it may read.
    select
      place, 1, 0, is_own, name,
      format('alter %s %s set (%s)', kind, name, array_to_string(reloptions, ', '))
    from relations
    where not is_own
      and reloptions is not null
    union all
    select place, 2, 0, is_own, name, format('alter %s %s owner to %s', kind, name, owner::regrole)
    from (
      select place, is_own, kind, name, relowner as owner
      from relations
      union all
      select place, is_own, kind, name, proowner
      from objects
      join pg_proc on is_function and pg_proc.oid = object
    ) as owned
    where owner <> quote_ident(current_user)::regrole
    union all
    -- What default privileges would grant on the new view, and what its owner has by default.
    select place, 3, 0, is_own, name, format('revoke all on %s from %s', name, grantee)
    from (
      select
        place, is_own, name,
        case granted.grantee
          when 0 then 'public'
          else granted.grantee::regrole::text
        end as grantee
      from relations
      join pg_default_acl on defaclrole = quote_ident(current_user)::regrole
        and defaclobjtype = 'r'
        and defaclnamespace in (0, our_schema)
      cross join lateral aclexplode(defaclacl) as granted
      union
      select place, is_own, name, relowner::regrole::text
      from relations
      where relacl is not null
    ) as given
    union all
    select
      place, 4, granted.place_in_list, is_own, name,
      format(
        'grant %s on %s to %s%s',
        granted.privilege_type,
        name,
        case granted.grantee when 0 then 'public' else granted.grantee::regrole::text end,
        case when granted.is_grantable then ' with grant option' else '' end
      )
    from relations
    cross join lateral aclexplode(relacl) with ordinality as granted (
      grantor, grantee, privilege_type, is_grantable, place_in_list
    )
    union all
    select
      place, 5, attnum, is_own, name,
      format(
        'grant %s (%I) on %s to %s%s',
        granted.privilege_type,
        attname,
        name,
        case granted.grantee when 0 then 'public' else granted.grantee::regrole::text end,
        case when granted.is_grantable then ' with grant option' else '' end
      )
    from relations
    join pg_attribute on attrelid = object
    cross join lateral aclexplode(attacl) as granted
    union all
    select
      place, 4, 0, is_own, name,
      format('revoke all on routine %s from public', name)
    from objects
    join pg_proc on is_function and pg_proc.oid = object and proacl is not null
    union all
    select
      place, 5, 0, is_own, name,
      format(
        'grant execute on routine %s to %s%s',
        name,
        case granted.grantee when 0 then 'public' else granted.grantee::regrole::text end,
        case when granted.is_grantable then ' with grant option' else '' end
      )
    from objects
    join pg_proc on is_function and pg_proc.oid = object
    cross join lateral aclexplode(proacl) as granted
    union all
    select place, 6, 0, is_own, name, pg_get_indexdef(indexrelid)
    from relations
    join pg_index on indrelid = object and relkind = 'm'
    union all
    select place, 6, 0, is_own, name, pg_get_statisticsobjdef(pg_statistic_ext.oid)
    from relations
    join pg_statistic_ext on stxrelid = object
    union all
    select place, 6, 0, is_own, name, pg_get_triggerdef(pg_trigger.oid)
    from relations
    join pg_trigger on tgrelid = object and not tgisinternal
    union all
    select place, 6, 0, is_own, name, pg_get_ruledef(pg_rewrite.oid)
    from relations
    join pg_rewrite on ev_class = object and rulename <> '_RETURN'
    union all
    select
      place, 7, 0, is_own, name,
      format('comment on %s %s is %L', kind, name, description)
    from objects
    join pg_description on objoid = object and objsubid = 0
      and classoid = case when is_function then 'pg_proc' else 'pg_class' end::regclass
    where is_own
    union all
    select
      place, 7, attnum, is_own, name,
      format('comment on column %s.%I is %L', name, attname, col_description(object, attnum))
    from relations
    join pg_attribute on attrelid = object and attnum > 0
    where is_own
      and col_description(object, attnum) is not null
    union all
    select place, 8, 0, is_own, name, format('refresh materialized view %s', name)
    from relations
    where relkind = 'm'
      and relispopulated
    union all
    -- What a role may do with all of a schema, it may do with what a new version adds to it.
    select
      0, 0, 0, false, our_schema::regnamespace::text,
      format(
        'grant %s on all tables in schema %s to %s',
        privilege_type,
        our_schema::regnamespace,
        grantee
      )
      -- Whoever may write there decides what the next migration runs.
      || case when privilege_type <> 'SELECT' and not on_kept_views then format(
        '; revoke %s on %s.kept_views from %s',
        privilege_type,
        our_schema::regnamespace,
        grantee
      ) else '' end
    from (
      select
        case granted.grantee
          when 0 then 'public'
          else granted.grantee::regrole::text
        end as grantee,
        granted.privilege_type,
        -- It was made a moment ago, when an older version is upgraded.
        count(*) filter (where relname <> 'kept_views') as granted_on,
        bool_or(relname = 'kept_views') as on_kept_views
      from pg_class
      cross join lateral aclexplode(relacl) as granted
      where relnamespace = our_schema
        and relkind in ('r', 'p', 'v', 'm', 'f')
        and granted.privilege_type in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
        and granted.grantee <> relowner
      group by granted.grantee, granted.privilege_type
      having bool_and(pg_has_role(relowner, 'usage'))
    ) as given
    where granted_on = (
      select count(*)
      from pg_class
      where relnamespace = our_schema
        and relkind in ('r', 'p', 'v', 'm', 'f')
        and relname <> 'kept_views'
    )
  )
  select jsonb_agg(to_jsonb(statements) order by place, step, detail, statement)
  into kept
  from statements;

  for dropped in
    select identified.type, identified.identity
    from unnest(own) with ordinality as listed (node, place)
    cross join lateral pg_identify_object(
      split_part(node, '/', 1)::oid,
      split_part(node, '/', 2)::oid,
      0
    ) as identified
    order by place desc
  loop
    begin
      execute format('drop %s %s', dropped.type, dropped.identity);
    exception
      when insufficient_privilege then
        raise dependent_objects_still_exist using
          message = 'a view of the toolkit is used by one of another role',
          detail = format('%s: %s', dropped.identity, sqlerrm);
    end;
  end loop;
  perform set_config('search_path', path, true);

  insert into kept_views (position, name, is_own, statement)
  select
    (select coalesce(max(position), 0) from kept_views) + row_number() over (order by element),
    entry ->> 'name',
    (entry ->> 'is_own')::boolean,
    entry ->> 'statement'
  from jsonb_array_elements(kept) with ordinality as listed (entry, element);
end
$$;
