-- Mark the rules of tables as valid that all stored rows keep; returns the names of these rules.
--   psql "$DATABASE_URL" -f sql/schema/validate_rules.sql
select rule
from validate_rules() as rule;
