-- Delete shipped free runs that the shipped list no longer has.
-- If the user names a list (has_own), delete the user's rows that it no longer has, too. Rows are
-- both lists as JSON: an array of objects with the columns of the key, and is_shipped.
--   psql "$DATABASE_URL" -f sql/prices/delete_unlisted_free_runs.sql -v has_own=false \
--     -v rows='[{"path":"dynamic/pages","free_from":"2020-01-01","is_shipped":true}]'
delete from free_runs
where (is_shipped or :'has_own'::boolean)
  and (path, free_from, is_shipped) not in (
    select
      path,
      free_from,
      is_shipped
    from json_populate_recordset(null::free_runs, :'rows'::json)
  );
