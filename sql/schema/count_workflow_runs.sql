-- Count the stored attempts of workflow runs.
--   psql "$DATABASE_URL" -f sql/schema/count_workflow_runs.sql
select count(*) as stored
from workflow_runs;
