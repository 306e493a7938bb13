-- Delete shipped rules of names that the shipped list no longer has.
-- If the user names a list (has_own), delete the user's rows that it no longer has, too. Rows are
-- both lists as JSON: an array of objects with the columns of the key, and is_shipped.
--   psql "$DATABASE_URL" -f sql/kinds/delete_unlisted_name_kinds.sql -v has_own=false \
--     -v rows='[{"subject":"actor","pattern":"*[bot]","is_shipped":true}]'
delete from name_kinds
where (is_shipped or :'has_own'::boolean)
  and (subject, pattern, is_shipped) not in (
    select
      subject,
      pattern,
      is_shipped
    from json_populate_recordset(null::name_kinds, :'rows'::json)
  );
