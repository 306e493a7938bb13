-- The change that make what-if asks about, in place of the one that a person edits.
-- sql/analysis/what_if.sql has a CTE of these columns. NULL: each job in turn.
--   psql "$DATABASE_URL" -v job=test -v runner=linux_4_core -v speed=2 -f sql/report/change.sql
with change as not materialized (
  select
    nullif(:'job', '')::text as job,
    :'runner'::text as runner,
    :'speed'::double precision as speed
)
select
  job,
  runner,
  speed
from change;
