-- Export the snapshot of this transaction, so that other sessions can read the same moment.
--   psql "$DATABASE_URL" -f sql/report/export_snapshot.sql
select pg_export_snapshot() as snapshot;
