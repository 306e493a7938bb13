-- Run what sql/schema/keep_views.sql kept, now that our views exist again.
-- What fails stays in kept_views with the reason. A user's own view is tried again when views are
-- next recreated, unless its user has created one of that name.
--   psql "$DATABASE_URL" -f sql/schema/restore_views.sql
do $$
declare
  kept record;
begin
  delete from kept_views
  where failure is not null
    and (
      not is_own
      or case
        when name like '%)' then to_regprocedure(name)::oid
        else to_regclass(name)::oid
      end is not null
    );
  -- A view of ours that this version no longer has needs no privileges.
  delete from kept_views
  where not is_own
    and to_regclass(name) is null
    and to_regnamespace(name) is null;
  for kept in
    select
      position,
      statement
    from kept_views
    order by
      is_own,
      position
  loop
    begin
      execute kept.statement;
      delete from kept_views
      where position = kept.position;
    exception
      when others then
        update kept_views
        set failure = sqlerrm
        where position = kept.position;
    end;
  end loop;
end
$$;
