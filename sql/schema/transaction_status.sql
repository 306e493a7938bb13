-- How a transaction ended: committed, aborted or in progress; NULL if that is no longer known.
--   psql "$DATABASE_URL" -f sql/schema/transaction_status.sql -v number=3
select pg_xact_status(:'number'::xid8) as status;
