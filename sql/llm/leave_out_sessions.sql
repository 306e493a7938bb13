-- Delete calls of sessions that a better log of the same tool holds; returns what was deleted.
-- One session leaves several logs: what an agent printed at its end, its transcript, its telemetry.
-- The log with the lowest rank counts: a complete sum rather than single calls of which some are
-- missing, and single calls that name their model rather than a sum that does not. A log without
-- tokens or a cost never stands for one that has some: a session may fail when it is resumed. The
-- order of reading does not matter. If only the deleted calls name the run of the session, and name
-- one, the others are linked to it. new_calls counts the deleted ones that were stored since then.
--   psql "$DATABASE_URL" -v session_ids='{a,b}' -v since=2026-01-01 \
--     -f sql/llm/leave_out_sessions.sql
with ranks (tool, source, rank) as (
  values
    ('claude', 'claude-code-action', 1),
    ('claude', 'claude-code-otlp', 2),
    ('claude', 'claude-code-transcript', 3),
    ('codex', 'codex', 1),
    ('codex', 'codex-otlp', 2),
    ('codex', 'codex-exec', 3),
    ('gemini', 'gemini-cli-otlp', 1),
    ('gemini', 'gemini-cli', 2),
    ('gemini', 'gemini-cli-session', 3),
    ('copilot', 'copilot-cli', 1),
    ('copilot', 'otlp', 2),
    ('qwen', 'qwen-code-otlp', 1),
    ('qwen', 'agent-result', 2),
    ('opencode', 'opencode', 1),
    ('opencode', 'opencode-run', 2)
),
found as (
  select
    ranks.tool,
    llm_calls.session_id,
    ranks.source,
    ranks.rank,
    bool_or(
      llm_calls.input_tokens > 0 or llm_calls.output_tokens > 0 or llm_calls.reported_cost > 0
    ) is true as has_use
  from llm_calls
  join ranks on ranks.source = llm_calls.source
  where llm_calls.session_id = any(:'session_ids'::text[])
    and llm_calls.session_id <> ''
  group by ranks.tool, llm_calls.session_id, ranks.source, ranks.rank
),
best as (
  select distinct on (tool, session_id) tool, session_id, source, rank
  from found
  order by tool, session_id, has_use desc, rank
),
worse as (
  select found.session_id, found.source, best.source as counted_source
  from found
  join best
    on best.tool = found.tool
    and best.session_id = found.session_id
    and best.rank < found.rank
),
deleted as (
  delete from llm_calls
  using worse
  where llm_calls.session_id = worse.session_id
    and llm_calls.source = worse.source
  returning
    llm_calls.session_id,
    llm_calls.source,
    worse.counted_source,
    llm_calls.total_tokens,
    llm_calls.github_run_id,
    llm_calls.github_run_attempt,
    llm_calls.created_at >= :'since'::timestamptz as was_new
),
runs as (
  select
    session_id,
    counted_source,
    min(github_run_id) as github_run_id,
    case
      when min(github_run_attempt) = max(github_run_attempt) then min(github_run_attempt)
    end as github_run_attempt
  from deleted
  group by session_id, counted_source
  having min(github_run_id) = max(github_run_id)
),
linked as (
  update llm_calls
  set
    github_run_id = runs.github_run_id,
    github_run_attempt = runs.github_run_attempt,
    revision = llm_calls.revision + 1
  from runs
  where llm_calls.session_id = runs.session_id
    and llm_calls.source = runs.counted_source
    and llm_calls.github_run_id is null
)
select
  session_id,
  source,
  counted_source,
  count(*) as calls,
  coalesce(sum(total_tokens), 0)::bigint as total_tokens,
  count(*) filter (where was_new) as new_calls
from deleted
group by session_id, source, counted_source
order by session_id, source;
