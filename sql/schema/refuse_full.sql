-- Fail if runs or calls are stored, and let nobody store any until the transaction ends.
--   psql "$DATABASE_URL" -f sql/schema/refuse_full.sql
do $$
begin
  lock table workflow_runs, llm_calls;
  if exists (select from workflow_runs) or exists (select from llm_calls) then
    raise exception 'the database holds runs or calls, which somebody has just stored';
  end if;
end
$$;
