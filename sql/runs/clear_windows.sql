-- Forget the windows of a repository that overlap an interval that was just listed.
--   psql "$DATABASE_URL" -f sql/runs/clear_windows.sql \
--     -v repository_id=7 -v created_from=2026-01-01T00:00:00Z -v created_to=2026-01-02T00:00:00Z
delete from windows
where repository_id = :'repository_id'::bigint
  and created_from < :'created_to'::timestamptz
  and created_to > :'created_from'::timestamptz;
