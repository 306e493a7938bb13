-- Record which view was made, and the digest of the files it was made from.
--   psql "$DATABASE_URL" -f sql/schema/record_installed_views.sql \
--     -v name=some_view -v digest=0a1b2c
insert into installed_views (
  name,
  digest
) values (
  :'name',
  :'digest'
);
