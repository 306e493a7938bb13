-- So many made-up calls of language models in the 30 days before a moment, evenly, for a bench.
-- Two in three are by runs of their time, where so many runs were made for 180 days. One model in
-- five has no price, one call in 25 failed, and a log in four reported what its calls cost.
--   psql "$DATABASE_URL" -v calls=100 -v runs=100 -v until='2026-01-01T00:00:00Z' \
--     -f sql/bench/insert_llm_calls.sql
insert into llm_calls (
  source,
  call_id,
  timestamp,
  session_id,
  prompt_name,
  phase,
  provider,
  model,
  input_tokens,
  output_tokens,
  cache_read_tokens,
  cache_write_tokens,
  estimated_cost,
  success,
  error_message,
  duration_ms,
  github_run_id,
  github_run_attempt
)
with models (place, provider, model) as (
  values
    (0, 'anthropic', 'claude-opus-4-5-20251101'),
    (1, 'anthropic', 'claude-haiku-4-5-20251001'),
    (2, 'openai', 'gpt-5-mini'),
    (3, 'google', 'gemini-2.5-pro'),
    (4, 'in-house', 'house-model-7b')
),
calls as (
  select
    number,
    :'until'::timestamptz
      - interval '720 hours' * (:'calls'::integer + 1 - number) / :'calls'::integer as timestamp,
    :'runs'::bigint
      - :'runs'::bigint * (:'calls'::integer - number) / (6 * :'calls'::integer) as run_number,
    ('x' || left(md5(number::text), 8))::bit(32)::bigint as hash
  from generate_series(1, :'calls'::integer) as number
)
select
  'otlp' as source,
  calls.number::text as call_id,
  calls.timestamp,
  'session ' || calls.number / 12 as session_id,
  'prompt ' || calls.hash / 5 % 30 as prompt_name,
  (array['plan', 'implement', 'review', 'test'])[1 + calls.hash / 5 % 4] as phase,
  models.provider,
  models.model,
  2000 + calls.hash % 90000 as input_tokens,
  calls.hash / 90000 % 4000 as output_tokens,
  calls.hash % 90000 / 2 as cache_read_tokens,
  calls.hash % 90000 / 10 as cache_write_tokens,
  case when calls.hash / 7 % 4 = 0 then calls.hash % 90000 / 1000000.0 end as estimated_cost,
  calls.hash / 11 % 25 > 0 as success,
  case when calls.hash / 11 % 25 = 0 then '429 too many requests' end as error_message,
  300 + calls.hash / 13 % 20000 as duration_ms,
  case when calls.number % 3 > 0 then 10000000000 + calls.run_number end as github_run_id,
  case when calls.number % 3 > 0 then 1 end as github_run_attempt
from calls
inner join models on models.place = calls.hash % 5;
