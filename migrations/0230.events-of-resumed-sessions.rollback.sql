-- Of events that share their number, the first one gets its id back.
update llm_calls
set call_id = numbered.earlier_call_id
from (
  select distinct on (earlier_call_id)
    call_id,
    regexp_replace(call_id, ':[0-9]+$', '') as earlier_call_id
  from llm_calls
  where source = 'claude-code-otlp'
    and call_id ~ ':[0-9]{1,18}:[0-9]+$'
    and session_id = regexp_replace(call_id, ':[0-9]+:[0-9]+$', '')
  order by
    earlier_call_id,
    timestamp
) as numbered
where llm_calls.source = 'claude-code-otlp'
  and llm_calls.call_id = numbered.call_id;
