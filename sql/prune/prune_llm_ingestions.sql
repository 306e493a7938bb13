-- Delete records of ingests of LLM logs older than a moment, except the last one.
--   psql "$DATABASE_URL" -f sql/prune/prune_llm_ingestions.sql -v before=2026-01-01T00:00:00Z
delete from llm_ingestions
where started_at < :'before'::timestamptz
  and started_at < (
    select max(started_at)
    from llm_ingestions
  );
