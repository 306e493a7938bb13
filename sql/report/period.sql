-- The period of a question as the program asks it, in place of the one that a person edits.
-- Each file of sql/analysis/ begins with a CTE of these columns. NULL: all repositories, all rows.
-- The repository 0 stands for the LLM calls of no stored run.
--   psql "$DATABASE_URL" -v since=2026-01-01 -v until=2026-02-01 -v repository_ids='{1}' \
--     -v time_zone=UTC -v top=10 -f sql/report/period.sql
with period as not materialized (
  select
    :'since'::timestamptz as since,
    :'until'::timestamptz as until,
    :'repository_ids'::bigint[] as repository_ids,
    :'time_zone'::text as time_zone,
    :'top'::bigint as top
)
select
  since,
  until,
  repository_ids,
  time_zone,
  top
from period;
