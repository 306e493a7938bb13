-- Delete opencode messages that a fork copies; returns how many of them are new.
-- A copy has another id, the time of the original in milliseconds, and its counts. Ids are in the
-- order of creation, so the original's is the smaller one.
--   psql "$DATABASE_URL" -v session_ids='{a,b}' -v since=2026-01-01 \
--     -f sql/llm/leave_out_copied_messages.sql
with copies as (
  select distinct greatest(one.call_id collate "C", other.call_id) as call_id
  from llm_calls as one
  join llm_calls as other
    on other.source = one.source
    and other.session_id <> one.session_id
    and other.timestamp >= date_trunc('milliseconds', one.timestamp)
    and other.timestamp < date_trunc('milliseconds', one.timestamp) + interval '1 millisecond'
    and other.model is not distinct from one.model
    and other.input_tokens = one.input_tokens
    and other.output_tokens = one.output_tokens
    and other.cache_read_tokens is not distinct from one.cache_read_tokens
    and other.cache_write_tokens is not distinct from one.cache_write_tokens
    and other.reported_cost is not distinct from one.reported_cost
  where one.source = 'opencode'
    and one.session_id = any(:'session_ids'::text[])
    and one.total_tokens > 0
),
deleted as (
  delete from llm_calls
  using copies
  where llm_calls.source = 'opencode'
    and llm_calls.call_id = copies.call_id
  returning llm_calls.created_at >= :'since'::timestamptz as was_new
)
select
  count(*) as calls,
  count(*) filter (where was_new) as new_calls
from deleted;
