-- Which rules of tables do stored rows break, how many rows, and which one is the first?
-- Only rows from before the rule can: new ones are refused. Reads no table whose rules are valid.
--   psql "$DATABASE_URL" -f sql/status/broken_rules.sql
select
  table_name,
  rule,
  meaning,
  condition,
  broken,
  first_key
from broken_rules();
