-- Delete spans of traces that were read before a moment.
--   psql "$DATABASE_URL" -f sql/prune/prune_llm_spans.sql -v before=2026-01-01T00:00:00Z
delete from llm_spans
where read_at < :'before'::timestamptz;
