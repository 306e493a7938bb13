-- Delete shipped labels of runners that the shipped list no longer has.
-- If the user names a list (has_own), delete the user's rows that it no longer has, too. Rows are
-- both lists as JSON: an array of objects with the columns of the key, and is_shipped.
--   psql "$DATABASE_URL" -f sql/prices/delete_unlisted_runner_labels.sql -v has_own=false \
--     -v rows='[{"label":"ubuntu-latest","is_shipped":true}]'
delete from runner_labels
where (is_shipped or :'has_own'::boolean)
  and (label, is_shipped) not in (
    select
      label,
      is_shipped
    from json_populate_recordset(null::runner_labels, :'rows'::json)
  );
