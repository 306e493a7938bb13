-- Delete Codex calls that a fork of a session repeats; returns how many of them are new.
-- The id of a call is the first session it descends from and the total so far. The id of a fork's
-- own call goes on with the time in milliseconds when the fork began, and its thread.
-- If only copies of a call were read (precedence 0), it may be another fork's own call.
-- If a call of a fork is in the session from before the fork, it is a copy.
--   psql "$DATABASE_URL" -v session_ids='{a,b}' -v since=2026-01-01 \
--     -f sql/llm/leave_out_copies.sql
with calls as (
  select
    call_id,
    split_part(call_id, ':', 1) as first_session_id,
    split_part(call_id, ':', 2) as total,
    call_id ~ '^[^:]*:[0-9]+:' as is_of_fork,
    to_timestamp(
      substring(call_id from '^[^:]*:[0-9]+:([0-9]{1,15}):')::numeric / 1000
    ) as began_at,
    timestamp,
    precedence,
    input_tokens,
    output_tokens,
    cache_read_tokens
  from llm_calls
  where source = 'codex'
    and split_part(call_id, ':', 1) = any(:'session_ids'::text[])
),
copies as (
  select distinct copy.call_id
  from calls as copy
  join calls as original
    on original.first_session_id = copy.first_session_id
    and original.total = copy.total
    and original.input_tokens is not distinct from copy.input_tokens
    and original.output_tokens is not distinct from copy.output_tokens
    and original.cache_read_tokens is not distinct from copy.cache_read_tokens
  where (not copy.is_of_fork and copy.precedence = 0 and original.is_of_fork)
    or (
      copy.is_of_fork
      and not original.is_of_fork
      and original.precedence > 0
      and original.timestamp <= copy.began_at
    )
),
deleted as (
  delete from llm_calls
  using copies
  where llm_calls.source = 'codex'
    and llm_calls.call_id = copies.call_id
  returning llm_calls.created_at >= :'since'::timestamptz as was_new
)
select
  count(*) as calls,
  count(*) filter (where was_new) as new_calls
from deleted;
