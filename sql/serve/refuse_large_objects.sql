-- Keep the role that may only read from making large objects, which otherwise any role may do.
--   psql "$DATABASE_URL" -f sql/serve/refuse_large_objects.sql
revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) from public;
