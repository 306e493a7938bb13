-- Every row that names a repository by number names one that is stored.
-- Tables outside the runs have no foreign keys, so that a database can be spread over machines. A
-- row is a repository that is not stored, with the number of rows that name it.
--   psql "$DATABASE_URL" -f sql/checks/rows_belong_to_a_repository.sql
with period as not materialized (
  select
    now() - interval '720 hours' as since,
    now() as until,
    -- or of some: array(select repository_id from repositories where repository in ('owner/name'))
    null::bigint[] as repository_ids,
    'UTC' as time_zone,
    null::bigint as top
),
named (table_name, repository_id) as (
  select 'workflow_runs', repository_id
  from workflow_runs
  cross join period
  where created_at >= period.since
    and created_at < period.until
  union all
  select 'open_runs', repository_id from open_runs
  union all
  select 'windows', repository_id from windows
  union all
  select 'ingestions', repository_id from ingestions
  union all
  select 'workflows', repository_id from workflows
)
select
  named.table_name,
  named.repository_id as repository_number,
  count(*) as rows_that_name_it
from named
cross join period
left join repositories using (repository_id)
where named.repository_id is not null
  and repositories.repository_id is null
  and (period.repository_ids is null or named.repository_id = any(period.repository_ids))
group by
  named.table_name,
  named.repository_id
order by
  named.table_name,
  named.repository_id
limit (select period.top from period);
