-- The number of this transaction; NULL if it has written nothing.
--   psql "$DATABASE_URL" -f sql/schema/transaction_number.sql
select pg_current_xact_id_if_assigned()::text as number;
