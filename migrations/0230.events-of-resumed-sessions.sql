-- A session of Claude Code that is resumed numbers its events from the beginning again. An event is
-- known by its number and the second of its time.
-- depends: 0220.workflow-files
update llm_calls
set call_id = call_id || ':' || floor(extract(epoch from timestamp))::bigint
where source = 'claude-code-otlp'
  and call_id = session_id || ':' || substring(call_id from '[0-9]+$')
  -- Longer numbers are times, in nanoseconds.
  and length(substring(call_id from '[0-9]+$')) < 19;
