-- When the first stored run was created, or the first stored call made: the start of SINCE=all.
-- Without repository_ids of those that are watched. NULL: nothing is stored.
--   psql "$DATABASE_URL" -f sql/report/first_stored.sql -v repository_ids='{1}'
select least(
  (
    select min(workflow_runs.created_at)
    from workflow_runs
    left join repositories using (repository_id)
    where case
      when :'repository_ids'::bigint[] is null then repositories.forgotten_at is null
      else workflow_runs.repository_id = any(:'repository_ids'::bigint[])
    end
  ),
  (
    select min(timestamp)
    from llm_calls
    where :'repository_ids'::bigint[] is null
  )
) as first_at;
