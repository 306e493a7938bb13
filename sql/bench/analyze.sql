-- Count what each table holds, as the server itself does some time after so many rows came.
--   psql "$DATABASE_URL" -f sql/bench/analyze.sql
analyze;
